#include "server/event_router.h"

#include "codec/event_binary.h"

namespace aybiza {

using Part = EventChunk::Join::What;

void EventRouter::begin(std::size_t shards, std::vector<JoinedCall> joined) {
  chunks_.resize(shards);
  joined_.adopt(std::move(joined));
}

void EventRouter::route(std::string_view bytes, std::uint64_t offset, Instant received) {
  auto decoded = decode_event(bytes, values_);
  if (const auto part = decoded ? joined_call(decoded->event) : std::nullopt) join(decoded->event, *part, offset, received);
  const JoinedCall* whole = decoded ? joined_.find(decoded->event) : nullptr;
  if (whole) decoded->event.call = whole->whole;
  const auto hand_to = [&](EventChunk& chunk) {
    if (whole) chunk.joins.push_back({Part::renames, *whole, nullptr, 0});
    chunk.items.push_back({offset, std::uint32_t(chunk.bytes.size()), std::uint32_t(bytes.size()), received, decoded ? decoded->event.call : Id{},
                           whole ? std::uint32_t(chunk.joins.size()) : 0});
    chunk.bytes += bytes;
  };
  if (decoded && decoded->event.type == EventType::prices)
    for (EventChunk& chunk : chunks_) hand_to(chunk);
  else
    hand_to(chunks_[decoded ? shard_of(decoded->event, unsigned(chunks_.size())) : 0]);
}

// What was told of the part until here changes shards, at this place among the events of both.
void EventRouter::join(const Event& event, const Id& part, std::uint64_t offset, Instant received) {
  const JoinedCall known{part, event.call, std::string(event.text(Field::call_id)), offset};
  if (!joined_.note(known)) return;
  const std::size_t giver = IdHash{}(part) % chunks_.size(), taker = IdHash{}(event.call) % chunks_.size();
  const auto handover = std::make_shared<Handover>();
  const auto add = [&](std::size_t shard, Part what) {
    EventChunk& chunk = chunks_[shard];
    chunk.joins.push_back({what, known, handover, giver});
    chunk.items.push_back({offset, 0, 0, received, {}, std::uint32_t(chunk.joins.size())});
  };
  add(giver, Part::gives);
  add(taker, Part::takes);
}

}  // namespace aybiza
