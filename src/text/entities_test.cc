#include "text/entities.h"

#include <gtest/gtest.h>

namespace aybiza {
namespace {

// What is found, as "class:text" separated by " | ".
void check(std::string_view text, std::string_view expected) {
  std::string found;
  for (const TextEntity& entity : entities_of(text)) {
    if (!found.empty()) found += " | ";
    found += std::string(to_string(entity.entity)) + ":" + std::string(text.substr(entity.start, entity.end - entity.start));
  }
  EXPECT_EQ(found, expected) << text;
}

TEST(Entities, masked_forms) {
  check("", "");
  check("reach me at [phone:\u202600] or [email]", "phone:[phone:\u202600] | email:[email]");
  check("card [card:\u202611], iban [iban], ssn [ssn], at [address].", "card:[card:\u202611] | iban:[iban] | ssn:[ssn] | address:[address]");
  check("[phone", "");
  check("[phones] [email", "");
}

TEST(Entities, amounts) {
  check("it is $1,299.00 in all", "amount:$1,299.00");
  check("$ 20 or 30 dollars", "amount:$ 20 | amount:30 dollars");
  check("\u20ac19.99, \u00a35 and 12 EUR", "amount:\u20ac19.99 | amount:\u00a35 | amount:12 EUR");
  check("$2 million", "amount:$2 million");
  check("two hundred and ten dollars", "amount:two hundred and ten dollars");
  check("twenty-five bucks", "amount:twenty-five bucks");
  check("pay $12.", "amount:$12");
  check("20 people, two rooms, 50% off, $ only", "");
  check("one of them", "");
}

TEST(Entities, dates) {
  check("on 2026-11-21 or 11/21/2026 or 21.11.2026", "date:2026-11-21 | date:11/21/2026 | date:21.11.2026");
  check("March 4th, then the 5th of March 2026", "date:March 4th | date:the 5th of March 2026");
  check("on the 9th please", "date:the 9th");
  check("4 March, Mar. 7, 2027", "date:4 March | date:Mar. 7, 2027");
  check("next Monday or tomorrow", "date:next Monday | date:tomorrow");
  check("the 9th floor, 21st century", "");
  check("24/7, 16:9, 3/4, 1.2.3, version v1.2.2026", "");
  check("may I march 40 miles", "");
  check("2026-13-45 and 99/99/2026", "");
  check("Sundays", "");
}

TEST(Entities, json) {
  std::string out;
  append_entities_json("nothing here", out);
  EXPECT_EQ(out, "");
  append_entities_json("$5 tomorrow", out);
  EXPECT_EQ(out, R"([{"class":"amount","start":0,"end":2,"text":"$5"},{"class":"date","start":3,"end":11,"text":"tomorrow"}])");
}

TEST(Entities, json_without_words) {
  std::string out;
  append_entity_classes_json("$5 tomorrow", out);
  EXPECT_EQ(out, R"([{"class":"amount","start":0,"end":2},{"class":"date","start":3,"end":11}])");
}

TEST(Entities, words_that_begin_like_others) {
  check("two cents, TEN dollars, the  5th of May, The 9th", "amount:two cents | amount:TEN dollars | date:the  5th of May | date:The 9th");
  check("then ten the the thee", "");
  check("twenty", "");
  check("This Friday, last sunday, Tonight", "date:This Friday | date:last sunday | date:Tonight");
  check("SEPTEMBER 1 and Sept. 2", "date:SEPTEMBER 1 | date:Sept. 2");
}

TEST(Entities, any_bytes) {
  for (const std::string& text : {std::string("\xff\xe2\x82"), std::string("\xc2"), std::string(5000, '1'), std::string(5000, '$'), std::string(5000, '[')})
    entities_of(text);
  std::string many;
  for (int i = 0; i < 500; ++i) many += "$1 ";
  EXPECT_EQ(entities_of(many).size(), entities_max);
}

}  // namespace
}  // namespace aybiza
