// What a PostgreSQL server brings, and what this program does with each of it.
//
// Shape    detect_features() asks the catalogue; describe() says it in lines for `aybiza doctor`; use_features() applies what helps
//          to tables that are still empty (a hypertable cannot be made of a full one without copying it).
// Errors   refuse_unsupported: a server older than 15, an encoding other than UTF8, Citus beside TimescaleDB.
// Threads  as the connection.
// Source   storage.md 1: the licence is what current_setting('timescaledb.license') says, never the extension's presence.
#pragma once

#include <string>
#include <vector>

#include "store/postgres.h"

namespace aybiza {

struct PostgresFeatures {
  int version_number = 0;   // 150018
  std::string version;      // "15.18"
  std::string encoding;     // UTF8
  std::string schema, user;
  bool read_only = false, may_create = false;
  struct Extension {
    std::string name, available, installed;  // versions; empty: not
  };
  std::vector<Extension> extensions;  // those we know of that the server has
  std::string timescale_license;      // apache, timescale; empty: not loaded
  std::int64_t hypertables = 0, compressed = 0;  // of ours: how many there are, and how many of them TimescaleDB compresses
  std::int64_t distributed = 0, nodes = 0;       // of ours: how many Citus has spread or copied over how many nodes
  std::int64_t citus_group = 0;                  // which part of a cluster of Citus this server is; 0: its coordinator

  std::string installed(std::string_view name) const;  // its version in this database; empty: not
};

// The schema an extension lives in, which need not be in the search path; empty: it is not in this database.
Result<std::string> extension_home(PostgresConnection& connection, std::string_view extension);
Result<PostgresFeatures> detect_features(PostgresConnection& connection);
Status refuse_unsupported(const PostgresFeatures& features);
std::vector<std::string> describe(const PostgresFeatures& features);
Status use_features(PostgresConnection& connection, const PostgresFeatures& features);
// Drops the days of a hypertable that end at `before` or earlier, as whole chunks; how many rows went. Of any other table nothing.
Result<std::uint64_t> drop_days(PostgresConnection& connection, std::string_view table, Instant before);

// Indexes of nearest neighbours (pgvector's HNSW), of turns with embeddings and with topic vectors; what was done, in words.
// unsupported: without pgvector.
Result<std::string> make_vector_indexes(PostgresConnection& connection, const PostgresFeatures& features);
Result<std::string> drop_vector_indexes(PostgresConnection& connection);

}  // namespace aybiza
