#include "query/zone.h"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

namespace aybiza {

struct Zone::Inner {
  absl::TimeZone zone;
};

namespace {
absl::Time to_absl(Instant t) { return absl::FromUnixMicros(to_micros(t)); }
Instant from_absl(absl::Time t) { return from_micros(absl::ToUnixMicros(t)); }
}  // namespace

std::optional<Zone> Zone::load(const std::string& name) {
  auto inner = std::make_shared<Inner>();
  if (name.empty() || name.size() > 64 || !absl::LoadTimeZone(name, &inner->zone)) return std::nullopt;
  return Zone(std::move(inner));
}

Instant Zone::midnight_of(Instant t) const {
  const absl::CivilDay day = absl::ToCivilDay(to_absl(t), inner_->zone);
  // A civil midnight that clocks skip starts at the transition (`trans`); a repeated one at its first pass (`pre`).
  const auto info = inner_->zone.At(absl::CivilSecond(day));
  return from_absl(info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre);
}

Instant Zone::next_midnight(Instant t) const {
  const absl::CivilDay day = absl::ToCivilDay(to_absl(t), inner_->zone) + 1;
  const auto info = inner_->zone.At(absl::CivilSecond(day));
  return from_absl(info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre);
}

int Zone::hour_of_day(Instant t) const { return absl::ToCivilHour(to_absl(t), inner_->zone).hour(); }

int Zone::day_of_week(Instant t) const {
  return int(absl::GetWeekday(absl::ToCivilDay(to_absl(t), inner_->zone))) + 1;  // absl: Monday is 0
}

Duration Zone::offset(Instant t) const { return std::chrono::seconds(inner_->zone.At(to_absl(t)).offset); }

}  // namespace aybiza
