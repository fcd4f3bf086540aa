// Every bound of the program, by name. docs/limits.md lists them with what happens there.
//
// Units    bytes unless the name says otherwise; durations are chrono.
// Threads  constants; any.
// Source   events.md "Checks"; reliability.md 3.2; decisions.md 1, 2, 4.
#pragma once

#include <chrono>
#include <cstddef>

namespace aybiza::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t KiB = 1024, MiB = 1024 * KiB, GiB = 1024 * MiB;

// The wire.
inline constexpr std::size_t body_packed_bytes = 8 * MiB;
inline constexpr std::size_t body_unpacked_bytes = 64 * MiB;
inline constexpr std::size_t inflate_ratio_max = 100;  // checked once 1 MiB is out
inline constexpr std::size_t batch_events = 10'000;
inline constexpr std::size_t event_bytes = 256 * KiB;
inline constexpr std::size_t batch_errors_reported = 100;
inline constexpr std::size_t json_depth = 32;
inline constexpr std::size_t json_keys = 512;
inline constexpr std::size_t id_bytes = 128;
inline constexpr std::size_t text_content_bytes = 16 * KiB;
inline constexpr std::size_t embedding_numbers = 1536;
inline constexpr std::size_t ext_bytes = 64 * KiB;
inline constexpr std::size_t tags_per_metric = 32;
inline constexpr std::size_t tag_name_bytes = 64;
inline constexpr std::size_t tag_value_bytes = 256;
inline constexpr std::size_t statsd_packet_bytes = 65'535;
inline constexpr std::size_t statsd_frame_bytes = 1 * MiB;       // of a stream socket
inline constexpr std::size_t statsd_series_cached = 100'000;     // by the bytes of their lines; then all are read afresh
inline constexpr std::size_t metric_families = 100'000;          // types and units of remote write 1.0, then forgotten
inline constexpr std::size_t metric_masks_cached = 100'000;      // names and tags whose masked form is remembered
inline constexpr std::size_t metric_batch_points = 65'536;       // one event of the log
inline constexpr std::size_t metric_batch_series = 65'536;
inline constexpr auto metric_series_idle = 60min;                // then a series makes room when its customer has too many
inline constexpr auto metric_live = 60min;                       // of generic metrics kept folded; older questions go to the store
inline constexpr std::size_t metric_live_bytes = 64 * MiB;       // of a shard; beyond it the oldest minutes go
inline constexpr std::size_t ledger_customers = 10'000;          // counted apart; the rest is __other__
inline constexpr std::size_t preparer_keeps_bytes = 4 * MiB;    // of working memory from request to request
inline constexpr std::size_t otlp_items = 262'144;               // spans, log records or points of one request
inline constexpr std::size_t otlp_broken_items = 1'000;         // that cannot be read; then the request is refused whole
inline constexpr std::size_t otlp_attributes = 512;             // of a span, event, record, scope or resource; members of a map
inline constexpr std::size_t otlp_values = 16'384;              // of one item, nested ones and events with them
inline constexpr std::size_t otlp_value_depth = 16;             // arrays and maps within each other
inline constexpr std::size_t otlp_json_depth = 64;
inline constexpr std::size_t otlp_known_tags = 65'536;           // combinations of attributes a decoder remembers the tags of
inline constexpr std::size_t otlp_known_tags_bytes = 8 * MiB;
inline constexpr std::size_t otlp_tag_bytes = 32 * MiB;          // of all series of one request: a resource's tags are in each
inline constexpr std::size_t span_ext_bytes = 4 * KiB;                // unknown attributes kept of one session; what goes beyond is left out
inline constexpr std::size_t multipart_parts = 16;                   // of one upload; those beyond are not read
inline constexpr std::size_t turn_parts = 256;                       // spans joined to one turn; a further one goes to the store alone
inline constexpr auto sent_at_skew_min = 2s;   // less is the way to us, not the clock
inline constexpr auto sent_at_skew_max = 24h;  // more is no clock that can be believed: left alone
inline constexpr auto time_past_max = 400 * 24h;
inline constexpr auto time_future_max = 5min;
inline constexpr std::size_t http_head_bytes = 16 * KiB;
inline constexpr std::size_t http_headers = 100;
inline constexpr auto http_head_timeout = 10s;
inline constexpr auto http_idle_timeout = 75s;
inline constexpr auto http_handler_timeout = 120s;  // then 503; a streamed body counts from its first chunk
inline constexpr auto http_write_timeout = 30s;     // without the kernel taking anything
inline constexpr auto http_body_grace = 10s;        // then a body must come at this rate:
inline constexpr std::size_t http_body_bytes_per_second = 1 * KiB;
inline constexpr std::size_t http_connections_per_address = 256;  // not for loopback
inline constexpr auto http_stop_patience = 3s;
inline constexpr std::size_t ws_messages_per_second = 100;  // a page acknowledges every diff, 40 a second
inline constexpr std::size_t ws_messages_burst = 200;
inline constexpr std::size_t ws_message_bytes = 64 * KiB;
inline constexpr std::size_t ws_queue_bytes = 256 * KiB;
inline constexpr std::size_t connections = 20'000;
inline constexpr std::size_t analyze_body_bytes = 1 * MiB;        // of one question to /api/v1/analyze
inline constexpr std::size_t analyze_texts = 100;                 // in it; each as long as a turn may be
inline constexpr std::size_t lexicon_file_bytes = 1 * MiB;        // of one list of --lexicon
inline constexpr std::size_t masking_policies = 10'000;           // customers with a policy of their own
inline constexpr std::size_t masked_customers = 1'000;            // whose finds are counted apart; the rest is __other__
inline constexpr std::size_t caller_keys = 1'000'000;             // keys of calls whose clear text is kept encrypted; 0.2 KB each
inline constexpr std::size_t keys_per_customer = 50;  // revoked ones count: their names stay in the audit

// Webhooks.
inline constexpr std::size_t webhook_body_bytes = 32 * MiB;       // as received; larger ones are refused unread
inline constexpr std::size_t webhook_parsed_bytes = 8 * MiB;      // a transcript with every word's time; more is audio, which is not kept
inline constexpr std::size_t webhook_parse_factor = 16;           // memory of a body's tree, its events and their bytes, for each byte
inline constexpr std::size_t webhook_ext_bytes = 4 * KiB;         // unknown members kept of one call or turn; the rest is counted
inline constexpr std::size_t webhook_live_turns = 8;              // of a history that is sent again with each turn: the newest
inline constexpr std::size_t webhook_form_parameters = 200;
inline constexpr std::size_t webhook_types_counted = 200;         // counters by type; the rest is __other__
inline constexpr std::size_t webhook_sources = 10'000;
inline constexpr std::size_t call_aliases = 200'000;              // names of calls under which another source may know them

// Sampling.
inline constexpr std::size_t sampling_rules = 1'000;
inline constexpr double sampling_keep_min = 1e-6;
inline constexpr int sampling_calls_one_in = 1'000;               // of calls at least that share is kept: a call stands for at most so many
inline constexpr std::size_t sampling_calls_remembered = 1'000'000;  // calls in flight when rules change, which go on as they began; 64 bytes each

// Time.
inline constexpr auto allowed_lateness = 10min;   // then a minute closes for audit; a pane stays writable
inline constexpr auto call_idle_timeout = 30min;  // without events: outcome unknown, end_reason idle

// Spool.
inline constexpr std::size_t spool_segment_bytes = 64 * MiB;
inline constexpr std::size_t spool_commit_bytes = 1 * MiB;
inline constexpr std::size_t spool_snapshot_every_bytes = 256 * MiB;
inline constexpr std::size_t spool_disk_bytes = 16 * GiB;
inline constexpr std::size_t disk_reserve_bytes = 1 * GiB;       // or 5 % of the disk, if that is less
inline constexpr std::size_t spool_record_bytes = 96 * MiB;      // one request; above body_unpacked_bytes with its ids
inline constexpr std::size_t spool_queue_bytes = 64 * MiB;       // waiting for the committer
inline constexpr std::size_t spool_queue_requests = 16'384;
inline constexpr std::size_t spool_spares = 2;                   // empty segments kept ready
inline constexpr std::size_t spool_quarantine_bytes = 64 * MiB;  // copied per damaged region; the rest is only counted
inline constexpr std::size_t spool_findings = 1'000;          // lines of a verify report
inline constexpr auto spool_stall = 20ms;                        // a flush longer than this is counted as a stall
inline constexpr auto spool_upkeep_interval = 1s;

// Deduplication.
inline constexpr auto dedup_batch_horizon = 24h;
inline constexpr std::size_t dedup_batches = 4'000'000;   // 16 B each
inline constexpr std::size_t dedup_event_bytes = 128 * MiB;
inline constexpr std::size_t dedup_event_slices = 4;      // the oldest is forgotten whole; each is asked for every id
inline constexpr std::size_t dedup_batch_slices = 24;
inline constexpr std::size_t dedup_unsaved_ids = 4'000'000;  // waiting to be written to the dedup log

// Live engine.
inline constexpr std::size_t mailbox_batches = 1024;
inline constexpr std::size_t series_per_customer = 20'000;   // per dimension set; the rest is __other__
inline constexpr std::size_t calls_retained = 60'000;        // ended calls kept for late events, all shards together; 1.2 KB each
inline constexpr std::size_t memory_per_call_retained = 32 * KiB;  // of --memory-max: 2 GiB keep 65 536
inline constexpr std::size_t calls_evicted_known = 1'000'000;  // calls no longer retained of which the id is known, 16 B each, all shards
inline constexpr std::uint64_t cold_bytes = 4 * GiB;         // on disk: what those were, all shards
inline constexpr std::uint64_t cold_free_bytes = 2 * GiB;    // left on the disk
inline constexpr std::size_t cold_segment_bytes = 16 * MiB;
inline constexpr std::size_t cold_call_bytes = 8 * MiB;      // of one; 4 096 turns and as many usages take less than one
inline constexpr std::size_t labels_interned = 1'000'000;    // distinct dimension values a shard tells apart
inline constexpr auto store_deferral = 60s;                   // a call in flight is written to the store no more often
inline constexpr auto rollup_settle = 120s;                   // so long after its end a minute, an hour or a day is summed up
inline constexpr auto rollup_quiet = 60s;                     // once its rows have been left alone for so long
inline constexpr auto rollup_patience = 900s;                 // or it has waited for so long
inline constexpr auto rollup_least_range = 6h;                // shorter ranges are answered from rows
inline constexpr auto turn_texts_kept = 2min;                // in memory, after a call has ended
inline constexpr std::size_t turns_per_call = 4'096;
inline constexpr std::size_t told_bytes_per_call = 256 * KiB;  // events kept of a call that may turn out to be part of another
inline constexpr std::size_t told_bytes = 64 * MiB;           // of all calls
inline constexpr std::size_t joined_calls = 100'000;         // calls that are part of another, so that what comes late finds it; 0.1 KB each
inline constexpr std::size_t ddsketch_buckets = 4096;

// Prices.
inline constexpr std::size_t price_file_bytes = 1 * MiB;      // prices.tsv of a data directory
inline constexpr std::size_t price_lines = 20'000;            // of it
inline constexpr std::size_t price_books_held = 32;           // by which usage in live state was priced; older prices stay as they are
inline constexpr std::size_t price_name_rules = 8;            // applied to one name, one after the other
inline constexpr std::size_t unpriced_rows = 1'000;           // of the list of what has no price
inline constexpr std::size_t rerate_rows = 200'000;           // of calls and usage priced anew in one transaction, about 100 MB
inline constexpr auto rerate_patience = 100s;                 // of who asked for it; it goes on without him
inline constexpr std::size_t learning_live_rows = 10'000;     // learning events of a shard kept for live answers, about 1 KB each; older questions go to the store
inline constexpr std::size_t change_live_rows = 5'000;        // changes of a shard, likewise
inline constexpr std::size_t learning_patterns = 20'000;      // whose discovery a shard remembers; beyond them discoveries are counted from the store
inline constexpr std::size_t learning_graphs = 1'000;         // knowledge graphs, apart by their dimensions, whose last size a shard remembers; likewise
inline constexpr std::size_t learning_list = 1'000;           // rows of each list of /api/v1/learning and /api/v1/changes, the newest

// Store.
inline constexpr std::size_t store_memory_bytes = 256 * MiB;      // the embedded engine's buffers; beyond it spills to disk
inline constexpr std::size_t store_checkpoint_bytes = 128 * MiB;  // of the engine's log, then it is folded into the file
inline constexpr std::size_t store_readers = 16;                  // answers open at a time; the next gets `unavailable`
inline constexpr std::size_t store_rows_max = 2'000'000;          // copied out by rows(); beyond it `too_large`
inline constexpr std::size_t export_piece_bytes = 64 * KiB;       // handed to the sink at a time

inline constexpr std::size_t uncollected_events = 1'000'000;  // then the router waits for the store
inline constexpr std::size_t uncollected_bytes = 64 * MiB;   // likewise, of the log: points of metrics

// Keeping: backup, retention, import.
inline constexpr std::size_t backup_log_bytes = 4 * GiB;      // of the embedded engine's log while its file is copied; then the copy is given up
inline constexpr std::size_t backup_piece_bytes = 1 * MiB;    // copied and hashed at a time
inline constexpr std::size_t backup_manifest_bytes = 64 * MiB;
inline constexpr int backup_checkpoint_tries = 40;            // while somebody reads, a checkpoint may not go
inline constexpr auto backup_hold = 24h;                      // how long the log is kept for a backup that was announced
inline constexpr auto retention_every = 60s;                  // how often is looked for what is to go
inline constexpr auto retention_slice = 1h;                   // of rows, deleted in one transaction
inline constexpr std::size_t retention_file_bytes = 64 * KiB;
inline constexpr std::size_t import_cells = 1'000;            // columns of a file
inline constexpr std::size_t import_line_bytes = 1 * MiB;     // of a CSV file's row
inline constexpr std::size_t import_errors_told = 20;         // rows that are told of by themselves; the rest is counted
inline constexpr std::size_t import_map_bytes = 64 * KiB;

// Vectors and search.
inline constexpr std::size_t topic_turns = 40'000;             // texts of stored turns that a topic model is trained on
inline constexpr std::size_t topic_turns_least = 100;          // different ones
inline constexpr std::size_t topic_terms = 12'000;             // words and pairs it knows, 0.4 KB each
inline constexpr std::size_t topic_models_kept = 3;            // versions, the newest
inline constexpr std::size_t topic_model_bytes = 8 * MiB;      // of its file
inline constexpr std::size_t topic_step_turns = 2'000;         // that get their vectors in one transaction of the store's writer
inline constexpr auto topic_step_rest = 200ms;                 // between two of them
inline constexpr auto topic_look_every = 60s;                  // for turns without a vector
inline constexpr std::size_t search_hits_default = 20;
inline constexpr std::size_t search_hits_max = 200;
inline constexpr std::size_t search_body_bytes = 64 * KiB;     // 1536 numbers, or a text
inline constexpr std::size_t search_text_bytes = 4 * KiB;
inline constexpr std::size_t search_words = 16;
inline constexpr std::size_t search_scanned_turns = 100'000;   // read out of the store to be compared or counted, the newest first
inline constexpr std::size_t search_snippet_bytes = 280;
inline constexpr auto search_window = 24h * 30;                // where no time is given
inline constexpr auto search_timeout = 10s;

// Questions.
inline constexpr std::size_t query_rows_default = 10'000;
inline constexpr std::size_t query_rows_max = 100'000;
inline constexpr auto query_timeout = 5s;
inline constexpr auto read_your_writes_timeout = 5s;

// The live pages.
inline constexpr auto live_rhythm = 10ms;                      // the hub looks at its topics no more often
inline constexpr auto live_idle = 1s;                          // and no less
inline constexpr std::size_t live_crowd = 10;                  // subscribers of a topic; with more of them it comes less often
inline constexpr auto overview_slow_rhythm = 5s;               // shares, earlier periods, series of calls at work
inline constexpr std::size_t live_requests = 16'384;           // subscriptions and page renders waiting for the live thread
inline constexpr std::size_t page_messages = 16'384;           // of all browsers, waiting for the page thread
inline constexpr std::size_t page_states_kept = 64;            // the newest of topics, so that a page joins with data
inline constexpr std::size_t page_rows = 50;                   // of the calls table
inline constexpr std::size_t page_choices = 200;               // customers and regions offered by a filter
inline constexpr auto system_sample_rhythm = 5s;                // what the System page remembers of the ledger
inline constexpr std::size_t system_samples = 180;             // that is a quarter of an hour
inline constexpr std::size_t page_machines = 200;              // of the System page: the newest of each region
inline constexpr std::size_t page_told = 200;                  // patterns, improvements, changes on the Learning page, the newest
inline constexpr std::size_t experiment_variants = 12;         // compared with the first
inline constexpr auto experiment_life = 90 * 24h;              // an experiment is counted from its first call, at most this far back
inline constexpr std::size_t flow_calls = 5'000;               // the newest ended calls of the range, whose flow is drawn
inline constexpr std::int64_t flow_steps = 6;                  // changes of state that are drawn
inline constexpr auto heat_least = 7 * 24h;                    // hour by weekday is of so much, whatever shorter range is chosen
inline constexpr auto fleet_window = 5min;                     // of turns that an agent's health is made of
inline constexpr std::size_t fleet_agents = 20'000;            // cells of the fleet field, the worst

// LiveView. A socket that exceeds one of these is slowed, refused or closed as liveview/socket.h says.
inline constexpr std::size_t liveview_json_keys = 1'000;       // per object of a client message
inline constexpr std::size_t liveview_form_fields = 1'000;
inline constexpr std::size_t liveview_channels = 8;            // per socket
inline constexpr int liveview_events_per_second = 50;          // per socket, token bucket
inline constexpr std::size_t liveview_frames_queued = 64;      // replies waiting for a slow reader
inline constexpr std::size_t liveview_queue_bytes = 1 * MiB;   // the same in bytes, beyond the first frame
inline constexpr std::size_t liveview_events_pending = 256;    // push_event calls between two messages
inline constexpr int liveview_patches = 20;                    // push_patch from handle_params, in a row
inline constexpr std::size_t liveview_diff_cache = 1'024;      // diffs of shared components, per thread
inline constexpr std::size_t liveview_refusals = 4'096;        // clients remembered for answering stale joins
inline constexpr auto liveview_refusal_window = 10s;
inline constexpr int liveview_stale_answers = 2;               // per client and window; then `overloaded`
inline constexpr auto liveview_session_age = 14 * 24h;
inline constexpr auto liveview_flash_age = 60s;

}  // namespace aybiza::limits
