#include "dashboard/system_tables.h"

#include <algorithm>

#include "dashboard/plain_table.h"
#include "dashboard/show.h"

namespace aybiza::dashboard {

using namespace liveview;

namespace {

std::string count(const Texts& t, std::uint64_t n) { return show_count(t, double(n)); }

double fullness(const DimensionHeld& held) { return held.bound > 0 ? double(held.fullest) / double(held.bound) : 0; }

std::string of_bound(const Texts& t, const DimensionHeld& held) {
  const std::string shown = t("system.of_bound", count(t, held.fullest), count(t, held.bound)) + " · " + show_share(t, fullness(held));
  return held.customer.empty() ? shown : held.customer + ": " + shown;
}

std::string_view word_of(const Texts& t, std::string_view family, std::string_view word) {
  const std::string* text = t.find(fmt::format("{}.{}", family, word));
  return text ? std::string_view(*text) : word;
}

std::string name_of(const Texts& t, const InForce& one) {
  if (one.version.empty()) return std::string(t("system.no_model"));
  if (!one.since.empty()) return t("system.trained", one.since.substr(0, 10));
  return one.name == "built-in" ? std::string(t("system.built_in")) : one.name.empty() ? std::string(dash) : one.name;
}

std::string state_of(const Texts& t, const Admitted& one, const Zone& zone) {
  std::string state(word_of(t, "admission", one.state));
  if (one.state == "active" && one.expires) state += ", " + t("admission.until", show_moment(*one.expires, zone, t));
  return state;
}

}  // namespace

Node dimensions_table(const Texts& t, const std::vector<DimensionHeld>& dimensions) {
  const TableHead heads[] = {{t("system.dimension"), false}, {t("system.values")}, {t("system.in_series")}, {t("system.fullest")}, {t("system.as_other")}};
  std::vector<const DimensionHeld*> order;
  for (const DimensionHeld& held : dimensions) order.push_back(&held);
  std::ranges::stable_sort(order, [](const DimensionHeld* a, const DimensionHeld* b) { return fullness(*a) > fullness(*b); });
  std::vector<TableRow> rows;
  for (const DimensionHeld* held : order)
    rows.push_back({held->dimension, {std::string(word_of(t, "dimension", held->dimension)), held->values ? count(t, *held->values) : std::string(t("system.many_values")), count(t, held->series),
                                      of_bound(t, *held), count(t, held->folded)}});
  return plain_table(t("figure.cardinality"), heads, rows);
}

Node retention_table(const Texts& t, const Retained& kept) {
  const TableHead heads[] = {{t("system.kept_what"), false}, {t("system.kept_days")}, {t("system.then"), false}};
  std::vector<TableRow> rows;
  for (const KeptRule& rule : kept.rules) rows.push_back({rule.what, {rule.what, count(t, std::uint64_t(rule.days)), std::string(t(rule.archive ? "system.archived" : "system.deleted"))}});
  return plain_table(t("figure.retention"), heads, rows);
}

std::string retention_done(const Texts& t, const Retained& kept) {
  return kept.passes == 0 || kept.rules.empty() ? std::string() : t("system.retention_done", count(t, kept.rows_deleted), count(t, kept.rows_archived));
}

Node models_table(const Texts& t, const std::vector<InForce>& models) {
  const TableHead heads[] = {{t("system.model"), false}, {t("system.name"), false}, {t("system.version"), false}, {t("system.entries")}};
  std::vector<TableRow> rows;
  for (const InForce& one : models) {
    const std::string name = name_of(t, one);
    rows.push_back({one.what, {std::string(word_of(t, "system", one.what)), one.trouble.empty() ? name : t("system.not_in_force", name, one.trouble), one.version.empty() ? std::string(dash) : one.version,
                               one.entries > 0 ? count(t, one.entries) : std::string(dash)}});
  }
  return plain_table(t("figure.models"), heads, rows);
}

Node admission_table(const Texts& t, const Admission& admission, const Zone& zone) {
  const TableHead heads[] = {{t("system.name"), false}, {t("admission.kind"), false}, {t("admission.rights"), false}, {t("dimension.customer_id"), false}, {t("admission.state"), false},
                             {t("admission.used"), false}, {t("admission.made"), false}, {t("admission.id"), false}};
  std::vector<TableRow> rows;
  for (const Admitted& one : admission.list) {
    const std::string never(t(one.kind == "key" ? "system.never" : "admission.not_lately"));
    rows.push_back({one.kind + "|" + one.id, {one.name.empty() ? std::string(t("admission.no_name")) : one.name, std::string(word_of(t, "admission", one.kind)), one.rights,
                                             one.customer == "*" ? std::string(t("admission.everybody")) : one.customer, state_of(t, one, zone),
                                             one.last_used ? show_moment(*one.last_used, zone, t) : never, show_moment(one.created, zone, t), one.id}});
  }
  return plain_table(t("figure.admission"), heads, rows);
}

}  // namespace aybiza::dashboard
