#include "ingest/masking_policies.h"

#include <algorithm>
#include <array>

#include "base/limits.h"

namespace aybiza {
namespace {

constexpr std::array<std::string_view, 3> policy_names = {"mask", "keep_encrypted", "drop_content"};

std::vector<std::string_view> split(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(mark);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<MaskingTable::Entry> parse_line(std::string_view line) {
  const auto parts = split(line, '\t');
  if (parts.size() != 4 || parts[0].empty()) return std::nullopt;
  const auto policy = parse_masking_policy(parts[1]);
  const auto classes = parse_classes(parts[2]);
  const auto set = parse_rfc3339(parts[3]);
  if (!policy || !classes || !set) return std::nullopt;
  return MaskingTable::Entry{std::string(parts[0]), {*policy, *classes}, *set};
}

std::string print_file(const std::vector<MaskingTable::Entry>& entries) {
  std::string text = "# customer\tpolicy\tclasses\tset\n";
  for (const auto& entry : entries)
    text += fmt::format("{}\t{}\t{}\t{}\n", entry.customer, to_string(entry.rule.policy), classes_text(entry.rule.classes), format_rfc3339(entry.set));
  return text;
}

}  // namespace

std::string_view to_string(MaskingPolicy value) { return policy_names[std::size_t(value)]; }

std::optional<MaskingPolicy> parse_masking_policy(std::string_view text) {
  const auto at = std::ranges::find(policy_names, text);
  return at == policy_names.end() ? std::nullopt : std::optional(MaskingPolicy(at - policy_names.begin()));
}

std::string classes_text(PiiClasses classes) {
  if (classes == all_pii_classes) return "all";
  std::string text;
  for (std::size_t i = 0; i < pii_class_count; ++i)
    if ((classes >> i & 1) != 0) text += (text.empty() ? "" : ",") + std::string(to_string(PiiClass(i)));
  return text.empty() ? "none" : text;
}

std::optional<PiiClasses> parse_classes(std::string_view text) {
  if (text == "all") return all_pii_classes;
  if (text == "none") return PiiClasses(0);
  PiiClasses classes = 0;
  for (const std::string_view name : split(text, ',')) {
    std::size_t i = 0;
    while (i < pii_class_count && to_string(PiiClass(i)) != name) ++i;
    if (i == pii_class_count) return std::nullopt;
    classes |= bit(PiiClass(i));
  }
  return classes;
}

Result<std::shared_ptr<const MaskingTable>> MaskingTable::read(const std::filesystem::path& file) {
  auto table = std::make_shared<MaskingTable>();
  const auto bytes = auth::read_file(file);
  if (!bytes && bytes.error().code != Code::not_found) return std::unexpected(bytes.error());
  if (bytes)
    AYBIZA_TRY(auth::each_line(file, *bytes, "masking policy", [&](std::string_view line) {
      auto entry = parse_line(line);
      if (entry) table->by_customer_.insert_or_assign(entry->customer, *entry);
      return entry.has_value();
    }));
  const auto own = table->by_customer_.find("*");
  if (own != table->by_customer_.end()) table->of_unknown_ = own->second.rule;
  else
    for (const auto& [customer, entry] : table->by_customer_) {
      table->of_unknown_.policy = std::max(table->of_unknown_.policy, entry.rule.policy);
    }
  return table;
}

const MaskingRule& MaskingTable::rule_of(std::string_view customer) const {
  static const MaskingRule usual;
  if (customer.empty()) return of_unknown_;
  const auto at = by_customer_.find(customer);
  return at == by_customer_.end() ? usual : at->second.rule;
}

bool MaskingTable::any(MaskingPolicy policy) const {
  return std::ranges::any_of(by_customer_, [&](const auto& one) { return one.second.rule.policy == policy; });
}

std::vector<MaskingTable::Entry> MaskingTable::entries() const {
  std::vector<Entry> out;
  for (const auto& [customer, entry] : by_customer_) out.push_back(entry);
  return out;
}

Result<std::unique_ptr<MaskingPolicies>> MaskingPolicies::open(const std::filesystem::path& data_dir) {
  std::unique_ptr<MaskingPolicies> policies(new MaskingPolicies(data_dir));
  AYBIZA_TRY(policies->file_.reload());
  return policies;
}

Status MaskingPolicies::set(MaskingTable::Entry entry) {
  if (entry.customer.empty() || !auth::line_text(entry.customer, limits::id_bytes))
    return fail(Code::invalid, "a customer is 1 to {} bytes without control characters", limits::id_bytes);
  return file_.rewrite([&](const MaskingTable& table) -> Result<std::string> {
    auto entries = table.entries();
    std::erase_if(entries, [&](const auto& one) { return one.customer == entry.customer; });
    if (entries.size() >= limits::masking_policies) return fail(Code::too_large, "{} customers have a policy already", entries.size());
    entries.push_back(entry);
    std::ranges::sort(entries, {}, &MaskingTable::Entry::customer);
    return print_file(entries);
  });
}

Status MaskingPolicies::remove(std::string_view customer) {
  return file_.rewrite([&](const MaskingTable& table) -> Result<std::string> {
    auto entries = table.entries();
    if (std::erase_if(entries, [&](const auto& one) { return one.customer == customer; }) == 0)
      return fail(Code::not_found, "customer {} has no policy of its own: all of it is masked", customer);
    return print_file(entries);
  });
}

}  // namespace aybiza
