#ifndef MILLSTREAM_CLIENT_SOURCES_RECEIVED_H_
#define MILLSTREAM_CLIENT_SOURCES_RECEIVED_H_

#include <millstream/graph.h>

#include <memory>

#include "client/context/stream_graph.h"
#include "common/plan/streaming.h"

namespace millstream::graph {

// The stream of what a receiver stores; `spec` comes without stream and level.
Stream ReceivedStream(const std::shared_ptr<StreamGraph>& graph, const char* operation,
                      plan::ReceiverSpec spec, const ReceivedRows& rows, const Where& where);

}  // namespace millstream::graph

#endif  // MILLSTREAM_CLIENT_SOURCES_RECEIVED_H_
