// TimescaleDB's columnstore for days that rest: what it is told about our hypertables, where its edition has one.
//
// Shape    compress_days() sets, of each hypertable that is not compressed yet, by what its rows are grouped and ordered, and adds the
//          policy that compresses days older than limits::postgres_rests_after_days. One that somebody has set up already stays as it is. Rows of
//          compressed days can be changed and deleted like others: order begins with the time, so that little is unpacked for it.
// Errors   of the server; what was done before stays.
// Threads  as the connection.
// Source   storage.md 1, 2.7: the licence is what current_setting('timescaledb.license') says.
#pragma once

#include "store/postgres_features.h"

namespace aybiza {

namespace limits {
inline constexpr int postgres_rests_after_days = 7;  // then a day's chunk is compressed; nearly all late events have come by then
}

bool may_compress(const PostgresFeatures& features);
// "days older than 7 days are compressed …", or why nothing is. REQUIRES: TimescaleDB is in this database.
std::string describe_compression(const PostgresFeatures& features);

Status compress_days(PostgresConnection& connection, const PostgresFeatures& features);
// As many rows of compressed days as it takes: TimescaleDB's bound of 100 000 would refuse a batch for good.
Status allow_changes_of_compressed_days(PostgresConnection& writer);

}  // namespace aybiza
