#include "fleet/phrases.h"

namespace aybiza {
namespace {

using Lines = std::string_view;

constexpr Lines billing_opening[] = {"Hi, I was charged twice on my last bill and I don't understand why.",
                                     "There is a fee of {} dollars on my invoice that I never agreed to.",
                                     "I'd like to know when my next payment is due.",
                                     "My card was declined but the money is gone from my account."};
constexpr Lines billing_detail[] = {"It's the invoice from last month, the one for {} dollars.",
                                    "Yes, the charge came through on Monday and again on Tuesday.",
                                    "I pay by bank transfer, always on the first.",
                                    "No, I did not change my plan at all."};
constexpr Lines billing_offer[] = {"I can see both charges. I will refund {} dollars to your card, it takes three working days.",
                                   "That fee is for the extra seats you added. I can remove them from the next bill.",
                                   "Your next payment of {} dollars is due on the fifteenth."};
constexpr Lines support_opening[] = {"My internet keeps dropping every few minutes, it is really annoying.",
                                     "The app crashes as soon as I open it.",
                                     "I cannot log in, it says my session has expired.",
                                     "The device does not turn on any more since the update."};
constexpr Lines support_detail[] = {"I already restarted the router {} times and nothing changed.",
                                    "It's the latest version, I updated it yesterday.",
                                    "The light on the front blinks red.", "It started about {} days ago."};
constexpr Lines support_offer[] = {"Thanks. I have reset your line from here, please try again in {} seconds.",
                                   "Please hold the power button for ten seconds, then let me know what you see.",
                                   "I can book a technician for tomorrow between nine and twelve."};
constexpr Lines account_opening[] = {"I need to change the address on my account.", "I forgot my password and the reset link does not arrive.",
                                     "Could you add my partner to my account please?", "I want to close my account."};
constexpr Lines account_detail[] = {"The account is in my wife's name.", "I moved {} weeks ago.",
                                    "Yes, I have the confirmation code in front of me.", "No, I have no access to that mailbox any more."};
constexpr Lines account_offer[] = {"I have updated it for you, you will get a confirmation shortly.",
                                   "I have sent a new link, it is valid for {} minutes.",
                                   "I can do that for you right away if you confirm your date of birth."};
constexpr Lines product_opening[] = {"I'm looking for a plan with more data, what do you have?", "Does the premium package include support at the weekend?",
                                     "I'd like to book a table for {} people tomorrow evening.", "How much would it cost to upgrade?"};
constexpr Lines product_detail[] = {"Around {} people would use it.", "The cheaper one sounds good, what is the difference?",
                                    "Would that also work abroad?", "I need it by Friday."};
constexpr Lines product_offer[] = {"The standard plan is {} dollars a month and includes everything you mentioned.",
                                   "We have one at seven thirty, shall I book it for you?",
                                   "You can upgrade today and pay only the difference."};
constexpr Lines complaint_opening[] = {"This is the third time I am calling about the same problem, this is unacceptable.",
                                       "I have been waiting for {} weeks and nobody answers my messages.",
                                       "Your technician never showed up and I took a day off for it.",
                                       "I am really disappointed with your service."};
constexpr Lines complaint_detail[] = {"I was promised a call back and never got one.", "Nobody seems to know what the other one is doing.",
                                      "I want to speak to a manager, please.", "I have spent {} hours on the phone already."};
constexpr Lines complaint_offer[] = {"I am sorry about that. I have put your case first in line and added a credit of {} dollars.",
                                     "I understand, and I apologise. I will connect you with a colleague who can decide this.",
                                     "I can offer you a free month for the trouble."};
constexpr Lines praise_opening[] = {"I just wanted to say that your technician did a great job yesterday.",
                                    "Hello, I'd like to confirm my appointment, and thank you for the quick answer last time.",
                                    "The new app is wonderful, I only have one small question."};
constexpr Lines praise_detail[] = {"Everything works perfectly since then.", "It took less than {} minutes, amazing.", "I am very happy with it."};
constexpr Lines praise_offer[] = {"That is lovely to hear, I will pass it on to the team.", "Your appointment is confirmed for {} o'clock.",
                                  "You can find that under settings, then notifications."};
constexpr Lines accept[] = {"Yes please, that would be great.", "Perfect, do that.", "Okay, that works for me.", "Alright, it works now, thank you!"};
constexpr Lines refuse[] = {"No, that does not help me.", "That is not what I asked for.", "No, I already tried that, it still does not work.",
                            "Can I talk to a real person?"};
constexpr Lines hello[] = {"Hello, this is Aya, how can I help you today?", "Good day, you are speaking with the virtual assistant. What can I do for you?",
                           "Thanks for calling. How may I help?"};
constexpr Lines clarify[] = {"I see. Could you tell me a bit more about that?", "Let me check this for you, one moment please.",
                             "When did you first notice it?", "May I have your customer number, please?"};
constexpr Lines thank[] = {"Thank you so much for your help.", "Great, thanks, have a nice day.", "That was quick, thank you.", "Thanks, bye."};
constexpr Lines grumble[] = {"This is a waste of time.", "Forget it, I will cancel.", "I am really frustrated with this.", "Terrible service, goodbye."};
constexpr Lines bye[] = {"You're welcome. Have a good day!", "Thank you for calling, goodbye.", "Is there anything else I can do for you?"};
constexpr Lines repair[] = {"Sorry, I did not get that. Could you say it again?", "Let me make sure I understood you correctly.",
                            "I'm sorry, the line is bad. Could you repeat that?"};

constexpr Subject table[] = {
    {"billing", "dispute_charge", "billing", billing_opening, billing_detail, billing_offer, accept, refuse},
    {"technical_support", "report_fault", "support", support_opening, support_detail, support_offer, accept, refuse},
    {"account", "change_account", "support", account_opening, account_detail, account_offer, accept, refuse},
    {"product_inquiry", "ask_product", "sales", product_opening, product_detail, product_offer, accept, refuse},
    {"complaint", "complain", "support", complaint_opening, complaint_detail, complaint_offer, accept, refuse},
    {"compliment", "give_praise", "booking", praise_opening, praise_detail, praise_offer, accept, refuse}};

}  // namespace

std::span<const Subject> subjects() { return table; }
std::span<const std::string_view> greetings() { return hello; }
std::span<const std::string_view> clarifications() { return clarify; }
std::span<const std::string_view> thanks() { return thank; }
std::span<const std::string_view> complaints() { return grumble; }
std::span<const std::string_view> farewells() { return bye; }
std::span<const std::string_view> repairs() { return repair; }

}  // namespace aybiza
