// The keys under which the words of callers are kept for those customers who want them kept, and how they are destroyed.
//
// Shape    one file, `<data>/caller_keys`, append only but for forgetting: a key a caller and customer, wrapped by the server's
//          secret, and which call goes with which key. A call whose caller is not known yet has a key of its own, which is
//          told its caller as soon as that is known; of calls that turn out to be one, the keys of all are. seal() makes
//          [length 2][key id 16][nonce 24][text and its tag 16+], and such records may follow each other. forget() writes the
//          file anew without a caller's keys: from then on nothing sealed under them can be read, wherever copies of it are.
//          A call of his that goes on gets no other key, nor does one that turns out to be such a call: what is said in it
//          from then on is not sealed. Another process may forget beside a running server.
// Errors   io; too_large at limits::caller_keys; not_found: the key has been destroyed; corrupt: bytes that seal() never made.
// Cost     seal 1 us and 3 ns a byte; ensure() of calls that are known one look-up each, of new ones one write and fdatasync together.
// Threads  any; the mutex is held while the file is written, so that two requests of one call agree.
// Source   draft-irtf-cfrg-xchacha-03 (XChaCha20-Poly1305, libsodium); decisions.md 15.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "auth/secret.h"
#include "auth/watched_file.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/units.h"

namespace aybiza {

class CallerKeys {
 public:
  static Result<std::unique_ptr<CallerKeys>> open(const std::filesystem::path& data_dir, const auth::KeyBytes& master);
  ~CallerKeys();
  CallerKeys(const CallerKeys&) = delete;  // one for all ways in
  CallerKeys& operator=(const CallerKeys&) = delete;

  struct Need {
    std::string customer;
    Id call{};
    std::string caller;  // a token, or empty: not known yet
  };
  Status ensure(std::span<const Need> needs, Instant now);

  struct Joined {
    std::string customer;
    Id part{}, whole{};
  };
  // The caller of one of two calls that are one is that of the other, whichever of them is told it, before or after.
  Status join(std::span<const Joined> joined, Instant now);

  bool seal(const Id& call, std::string_view text, std::string& out);  // appends; false: the call has no key, or no longer one
  Result<std::string> unseal(std::string_view sealed);                 // all records, a space between them

  // Destroys the keys of a caller's token, of one customer or (empty) of all; answers how many there were.
  Result<std::size_t> forget(std::string_view caller, std::string_view customer);
  std::size_t count() const;

 private:
  struct Key {
    auth::KeyBytes bytes{};
    std::string customer, caller;
    Instant created{};
  };
  CallerKeys(const std::filesystem::path& data_dir, const auth::KeyBytes& master);
  Status refresh();
  Status reload();
  bool take_line(std::string_view line);
  Result<Id> need_key(const Need& need, Instant now, std::string& lines);
  void link(const Id& call, const Id& key);
  void tell(const Id& key, const std::string& caller);
  void unite(const Id& a, const Id& b);
  bool together(const Joined& joined) const;
  Status change(const std::function<Status(std::string& lines)>& work);
  bool forgotten(const Id& call) const;
  void destroy(const Id& key);
  void forget_both(const Joined& joined, std::string& lines);
  Status join_keys(const Joined& joined, Instant now, std::string& lines);
  std::string key_line(const Id& id, const Key& key) const;
  std::string whole_file() const;
  Status append(std::string_view lines);
  Status replace();

  const std::filesystem::path file_, lock_file_;
  const auth::KeyBytes master_;
  mutable std::mutex mutex_;  // guards what follows
  auth::FileStamp stamp_;
  std::size_t whole_bytes_ = 0;  // of the file's whole lines
  bool rewrite_ = false;         // what changes cannot be appended
  std::unordered_map<Id, Key, IdHash> keys_;
  std::unordered_map<Id, Id, IdHash> by_call_;
  std::deque<Id> calls_;  // those of by_call_, the oldest first
  std::unordered_map<Id, Id, IdHash> by_caller_;  // hash of customer and token -> key
  std::unordered_map<Id, std::shared_ptr<std::vector<Id>>, IdHash> groups_;  // keys of one caller who is not known yet
};

}  // namespace aybiza
