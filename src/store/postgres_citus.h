// Citus: the tables that grow with every event, spread over the nodes of a cluster, and what exactly once needs there.
//
// Shape    distribute_tables() distributes groups of tables that are empty, a group in one transaction: what belongs to a call by the call (so that
//          a call's rows lie on one node and are joined there), points of metrics by their series, raw events by their ids; the small
//          tables they are joined with are on every node. A group of which a table has rows stays on the coordinator, as on a plain server.
//          A batch is a transaction of the coordinator that its nodes have prepared before: what is cut off between the two is decided by Citus,
//          some time later. Until then its rows are neither there nor not there, so a writer asks settle_commits() before it goes on.
//          Nodes have no snapshot in common: begin_cut() makes one for a reader, by holding commits (hold_cut()) off while it looks at each node once.
// Errors   settle_commits: unavailable while something is undecided. Of the server otherwise.
// Cost     settle_commits asks every node twice; a writer does at its connection only. A cut costs a round trip to each node, a commit one to the coordinator.
// Threads  as the connection.
// Source   Citus 13: multi-node transactions (2PC) in its documentation; transaction_recovery.c for who decides.
#pragma once

#include "store/postgres_features.h"

namespace aybiza {

bool may_distribute(const PostgresFeatures& features);
// "8 of 8 tables … over 3 nodes", or why none is. REQUIRES: Citus is in this database.
std::string describe_distribution(const PostgresFeatures& features);
// Which of ours are, over how many nodes, and whether this is the coordinator. Nothing where Citus is not.
Status count_distributed(PostgresConnection& connection, PostgresFeatures& out);

Result<std::uint64_t> distributed_bytes(PostgresConnection& connection);  // of ours, on all nodes

Status distribute_tables(PostgresConnection& connection, const PostgresFeatures& features);
Status settle_commits(PostgresConnection& writer);

// Of a writer, before its COMMIT: nobody who holds commits off goes on until it is over on every node.
Status hold_cut(PostgresConnection& writer);
// Of a reader, outside of transactions: until let_go() nothing is moved into the archive and, of `commits`, nothing is committed either.
Status hold_still(PostgresConnection& reader, bool commits);
void let_go(PostgresConnection& reader);
// Of a writer that moves rows into the archive: unavailable while a reader holds it still for long.
Status hold_moves(PostgresConnection& writer);
// Of a reader: between the two nothing is committed.
Status hold_commits(PostgresConnection& reader);
Status let_commits(PostgresConnection& reader);
// Begins a transaction that looks at each node, which is what it then reads of. REQUIRES: commits are held meanwhile, by whomever.
Status begin_on_nodes(PostgresConnection& reader);
// All three: of all nodes what one commit after the other has left.
Status begin_cut(PostgresConnection& reader);
// Of a writer, first thing in its transaction: nobody else changes the table, on any node, until it is over.
Status hold_writers(PostgresConnection& writer, std::string_view table);

}  // namespace aybiza
