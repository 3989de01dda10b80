#ifndef MILLSTREAM_TESTS_SUPPORT_RAW_CALL_H_
#define MILLSTREAM_TESTS_SUPPORT_RAW_CALL_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "common/rpc/grpc_block_server.h"
#include "common/security/credentials.h"

namespace millstream::test {

// A caller as it presents itself: what secures its connection, and the tokens its calls show.
struct Caller {
  std::string name;
  std::shared_ptr<grpc::ChannelCredentials> connection;
  std::vector<std::string> tokens;
};

// Every method of every service in proto/ and of the data plane, and some that are nobody's.
inline std::vector<std::string> AllMethods() {
  std::vector<std::string> methods{rpc::kFetchMethod,
                                   rpc::kPutMethod,
                                   "/millstream.BlockService/Drop",
                                   "/x/y",
                                   "/",
                                   "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"};
  for (const auto& entry : std::filesystem::directory_iterator(MILLSTREAM_SOURCE_DIR "/proto")) {
    std::ifstream file(entry.path());
    std::string package;
    std::string service;
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      std::string statement;
      std::string name;
      words >> statement >> name;
      name.resize(std::min(name.size(), name.find_first_of(";({")));
      if (statement == "package") package = name;
      if (statement == "service") service = name;
      if (statement == "rpc") methods.push_back("/" + package + "." + service + "/" + name);
    }
  }
  return methods;
}

// The end of a call of `method` with bytes that are no message, which nobody may answer. `server` is whom the
// caller takes the other side for, if its connection is TLS.
inline grpc::Status CallWithJunk(const std::string& address, const security::Identity& server,
                                 const Caller& caller, const std::string& method) {
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride(security::NameOf(server));
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  grpc::GenericStub stub(grpc::CreateCustomChannel(address, caller.connection, arguments));
  grpc::CompletionQueue completions;
  grpc::ClientContext context;
  for (const std::string& token : caller.tokens) context.AddMetadata("millstream-token-bin", token);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(1));
  auto stream = stub.PrepareCall(&context, method, &completions);
  const grpc::Slice junk("\xff\xff\xff\xff");
  grpc::ByteBuffer answer;
  grpc::Status status;
  void* tag = nullptr;
  bool ok = false;
  stream->StartCall(nullptr);
  completions.Next(&tag, &ok);
  stream->Write(grpc::ByteBuffer(&junk, 1), nullptr);
  completions.Next(&tag, &ok);
  stream->Read(&answer, nullptr);
  completions.Next(&tag, &ok);
  EXPECT_FALSE(ok) << "an answer to " << method << " for " << caller.name;
  stream->Finish(&status, nullptr);
  completions.Next(&tag, &ok);
  return status;
}

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_RAW_CALL_H_
