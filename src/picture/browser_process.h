// A headless Chromium of its own, spoken to over its DevTools pipe, and ended for certain.
//
// Shape    start() makes an empty directory for all that it writes (profile, temporary files) and spawns it in a process group of its own: no
//          shell, no file of ours but the two ends of the pipe, an environment of four names, no network but this machine's address. The
//          destructor asks it to close, kills whatever of the group is left, and removes the directory.
// Errors   not_found: no such program; io: it could not be started; unavailable: it ended, or did not answer in time; too_large: a message
//          beyond limits::devtools_message_bytes. What it wrote last to its standard error is part of the message.
// Cost     some 0.3 s to start, 150 to 400 MiB while it lives; it runs at nice 10.
// Threads  None: belongs to whoever takes the picture.
// Source   chromium: headless/README.md, content/browser/devtools/devtools_pipe_handler.cc (file descriptors 3 and 4).
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"

namespace aybiza {

// Until when, and who may call it off before.
struct Patience {
  const Clock& clock;
  Duration until;                    // of clock.elapsed()
  std::function<bool()> called_off;  // null: nobody
  Duration left() const { return until - clock.elapsed(); }
};

class BrowserProcess {
 public:
  static Result<std::unique_ptr<BrowserProcess>> start(const std::filesystem::path& program, const Clock& clock);
  ~BrowserProcess();
  BrowserProcess(const BrowserProcess&) = delete;  // one process
  BrowserProcess& operator=(const BrowserProcess&) = delete;

  Status send(std::string_view message, const Patience& patience);  // REQUIRES: no zero byte in it
  Result<std::string> receive(const Patience& patience);            // the next message

  pid_t pid() const { return pid_; }
  const std::filesystem::path& directory() const { return directory_; }

 private:
  explicit BrowserProcess(const Clock& clock) : clock_(clock) {}
  Status spawn(const std::filesystem::path& program);
  Status wait_for(int fd, short events, const Patience& patience);
  std::string last_words() const;

  const Clock& clock_;
  std::filesystem::path directory_;
  pid_t pid_ = -1;
  int to_ = -1, from_ = -1;
  std::string buffer_;
  std::size_t looked_ = 0;  // of the buffer: no zero byte before
};

// Is there a process of this group that has not ended? What has, and waits for its parent to notice, does not count.
bool group_lives(pid_t group);

// The program at `wanted`; where that is empty the first of the usual paths at which there is one. Empty: there is none.
std::filesystem::path find_browser(const std::string& wanted);

}  // namespace aybiza
