// Streams whose receivers connect to TCP servers.
#include <millstream/exec/builtin_kernels.h>
#include <millstream/exec/encoder.h>
#include <millstream/streaming_context.h>

#include <string>
#include <utility>

#include "client/sources/received.h"

namespace millstream {
namespace {

graph::Stream SocketStream(const std::shared_ptr<graph::StreamGraph>& graph, const char* operation,
                           const char* receiver, const std::string& host, int port,
                           const graph::ReceivedRows& rows, const graph::Where& where) {
  const std::string label = std::string(operation) + " " + host + ":" + std::to_string(port);
  if (port < 1 || port > 65535)
    graph->Record(absl::InvalidArgumentError(label + ": no such port. Give one from 1 to 65535"), where);
  if (host.empty())
    graph->Record(absl::InvalidArgumentError(label + ": no host given. Name one, localhost say"), where);
  exec::Encoder state;
  state.PutVarint(host.size());
  state.PutBytes(host);
  state.PutVarint(static_cast<uint64_t>(port));
  return graph::ReceivedStream(graph, operation, {.builtin = receiver, .state = state.Take(), .label = label},
                               rows, where);
}

}  // namespace

DStream<std::string_view> StreamingContext::SocketTextStream(const std::string& host, int port,
                                                             SocketTextOptions options, const Where& where) {
  const graph::ReceivedRows rows{&exec::kSplitLinesKernel, ops::RowsOf<std::string_view>(),
                                 options.storage_level};
  return DStream<std::string_view>(
      SocketStream(graph_, "SocketTextStream", "socket_text", host, port, rows, where));
}

graph::Stream graph::RawSocketSource(const std::shared_ptr<StreamGraph>& graph, const std::string& host,
                                     int port, const ReceivedRows& rows, const Where& where) {
  return SocketStream(graph, "RawSocketStream", "raw_socket", host, port, rows, where);
}

}  // namespace millstream
