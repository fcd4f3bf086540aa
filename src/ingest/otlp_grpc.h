// OTLP/gRPC: the Export methods of the three collector services, each the OtlpEndpoint's signal with another frame around it.
//
// Errors   those of OTLP/HTTP as gRPC's statuses: what may be sent again is UNAVAILABLE, so that every exporter does.
// Threads  as OtlpEndpoint.
// Source   opentelemetry-proto 1.11 collector/*_service.proto, specification.md "OTLP/gRPC".
#pragma once

#include "ingest/otlp_endpoint.h"

namespace aybiza {

Status add_grpc_routes(net::Router& router, OtlpEndpoint& endpoint);  // REQUIRES: the endpoint outlives the router

}  // namespace aybiza
