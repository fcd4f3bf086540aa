// Backups over HTTP: one at a time, made by the server itself, because only it may read its store and log beside their use.
//
// Shape    POST /api/v1/backup {"to":"/absolute/folder"} starts one and answers at once; GET tells how far it is; DELETE calls it
//          off. POST /api/v1/backup/hold keeps the log from being released until the next backup is done, or limits::backup_hold:
//          for stores that are dumped by their own tools first. All need the platform's admin key.
// Errors   400 names what is wrong, 409 when one runs already. What goes wrong later is said by GET.
// Threads  add_routes once, before the server starts; handlers from any thread. REQUIRES: the pipeline outlives it.
// Source   docs/backup.md.
#pragma once

#include <filesystem>
#include <memory>

#include "net/router.h"
#include "server/pipeline.h"

namespace aybiza {

class BackupApi {
 public:
  BackupApi(Pipeline& pipeline, std::filesystem::path data);
  ~BackupApi();
  BackupApi(const BackupApi&) = delete;

  Status add_routes(net::Router& router);
  void stop();  // a backup that runs is called off

 private:
  struct Inner;
  std::shared_ptr<Inner> inner_;
};

}  // namespace aybiza
