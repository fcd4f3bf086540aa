#include <cstdio>

#include "privacy/announce.h"
#include "privacy/glyph.h"
#include "privacy/mask.h"

namespace aybiza {

namespace {

using privacy::is_ascii_digit;

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += char(c);
  } else if (c < 0x800) {
    out += char(0xC0 | c >> 6);
    out += char(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += char(0xE0 | c >> 12);
    out += char(0x80 | (c >> 6 & 0x3F));
    out += char(0x80 | (c & 0x3F));
  } else {
    out += char(0xF0 | c >> 18);
    out += char(0x80 | (c >> 12 & 0x3F));
    out += char(0x80 | (c >> 6 & 0x3F));
    out += char(0x80 | (c & 0x3F));
  }
}

// Four hexadecimal digits, or -1.
std::int32_t hex4(std::string_view text) {
  if (text.size() < 4) return -1;
  std::int32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const char c = privacy::ascii_lower(text[i]);
    if (!is_ascii_digit(c) && (c < 'a' || c > 'f')) return -1;
    value = value << 4 | (is_ascii_digit(c) ? c - '0' : c - 'a' + 10);
  }
  return value;
}

bool unescape(std::string_view raw, std::string& out) {
  out.clear();
  for (std::size_t at = 0; at < raw.size(); ++at) {
    if (raw[at] != '\\') {
      out += raw[at];
      continue;
    }
    if (++at == raw.size()) return false;
    switch (raw[at]) {
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case 'r': out += '\r'; break;
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case '"': case '\\': case '/': out += raw[at]; break;
      case 'u': {
        const std::int32_t high = hex4(raw.substr(at + 1));
        if (high < 0) return false;
        at += 4;
        std::uint32_t point = std::uint32_t(high);
        if (high >= 0xD800 && high < 0xDC00 && raw.substr(at + 1, 2) == "\\u") {
          const std::int32_t low = hex4(raw.substr(at + 3));
          if (low >= 0xDC00 && low < 0xE000) {
            point = 0x10000 + ((point - 0xD800) << 10) + (std::uint32_t(low) - 0xDC00);
            at += 6;
          }
        }
        append_utf8(out, point >= 0xD800 && point < 0xE000 ? 0xFFFD : point);
        break;
      }
      default: return false;
    }
  }
  return true;
}

void append_escaped(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (std::uint8_t(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", unsigned(std::uint8_t(c)));
      out += escape;
    } else {
      out += c;
    }
  }
}

class JsonMasker {
 public:
  JsonMasker(std::string_view json, std::string& out, MaskReport& report, PiiClasses classes)
      : json_(json), out_(out), report_(report), classes_(classes) {}

  // False: not JSON as far as strings go.
  bool run() {
    while (at_ < json_.size()) {
      const char c = json_[at_];
      if (c == '"') {
        if (!string()) return false;
      } else if (is_ascii_digit(c) || c == '-') {
        number();
      } else {
        out_ += c;
        ++at_;
      }
    }
    return true;
  }
  bool changed() const { return changed_; }

 private:
  void count(const MaskReport& found) {
    for (std::size_t i = 0; i < pii_class_count; ++i) report_.counts[i] += found.counts[i];
    changed_ = true;
  }

  bool string() {
    std::size_t end = at_ + 1;
    bool escapes = false;
    for (; end < json_.size() && json_[end] != '"'; ++end)
      if (json_[end] == '\\') escapes = true, ++end;
    if (end >= json_.size()) return false;
    const std::string_view raw = json_.substr(at_ + 1, end - at_ - 1);
    std::size_t next = end + 1;
    while (next < json_.size() && std::string_view(" \t\r\n").find(json_[next]) != std::string_view::npos) ++next;
    const bool key = next < json_.size() && json_[next] == ':';
    if (escapes && !unescape(raw, plain_)) return false;
    const std::string_view text = escapes ? std::string_view(plain_) : raw;
    const MaskReport found = mask_text(text, masked_, key ? std::string_view() : std::string_view(key_), classes_);
    out_ += '"';
    if (found.changed()) {
      count(found);
      append_escaped(masked_, out_);
    } else {
      out_ += raw;
    }
    out_ += '"';
    if (key) key_ = text;
    at_ = end + 1;
    return true;
  }

  // Whole numbers only; without a key that says phone only a card number is one (a duration may look like a phone).
  void number() {
    std::size_t end = at_ + 1;
    bool whole = json_[at_] != '-';
    for (; end < json_.size() && (is_ascii_digit(json_[end]) || std::string_view("+-.eE").find(json_[end]) != std::string_view::npos); ++end)
      whole = whole && is_ascii_digit(json_[end]);
    const std::string_view text = json_.substr(at_, end - at_);
    at_ = end;
    if (whole && text.size() >= 7) {
      const bool named = privacy::names_phone(key_, text);
      const MaskReport found = mask_text(text, masked_, named ? std::string_view("phone") : std::string_view(key_), classes_);
      const bool card = found.counts[std::size_t(PiiClass::card)] > 0;
      if (found.changed() && (card || named || privacy::announces_phone(key_ + " "))) {
        count(found);
        out_ += '"';
        append_escaped(masked_, out_);
        out_ += '"';
        return;
      }
    }
    out_ += text;
  }

  std::string_view json_;
  std::string& out_;
  MaskReport& report_;
  PiiClasses classes_;
  std::string key_, plain_, masked_;
  std::size_t at_ = 0;
  bool changed_ = false;
};

}  // namespace

bool mask_json_strings(std::string_view json, std::string& out, MaskReport& report, PiiClasses classes) {
  out.clear();
  report = {};
  // Escapes can hide any letter or digit; without them and without a sign of personal data nothing can change.
  if (json.find('\\') == std::string_view::npos && !may_hold_pii(json)) {
    out.assign(json);
    return false;
  }
  JsonMasker masker(json, out, report, classes);
  if (masker.run()) return masker.changed();
  report = mask_text(json, out, {}, classes);
  const bool changed = report.changed();
  report.spans.clear();
  return changed;
}

}  // namespace aybiza
