#include "executor/tasks/task_failure.h"

#include <millstream/exec/task_error.h>

#include <utility>

#include "common/base/thrown.h"
#include "common/plan/block_messages.h"

namespace millstream::executor {
namespace {

void DescribeEngineError(const exec::TaskError& error, const exec::TaskEnv& env,
                         proto::TaskFailure& failure) {
  const bool cancelled =
      env.cancelled != nullptr && env.cancelled->load() && absl::IsCancelled(error.status());
  failure.set_kind(cancelled ? proto::TaskFailure::CANCELLED : proto::TaskFailure::ENGINE);
  failure.set_message(std::string(error.status().message()));
  failure.set_code(static_cast<uint32_t>(error.status().code()));
}

}  // namespace

InputLost InputLost::Shuffle(const plan::BlockId& id, ExecutorId executor, const std::string& why) {
  InputLost lost;
  lost.failure_.set_kind(proto::TaskFailure::FETCH);
  lost.failure_.set_message("block " + ToString(id) + " of executor " + std::to_string(Number(executor)) +
                            " could not be read: " + why);
  lost.failure_.set_shuffle(id.a);
  lost.failure_.set_lost_executor(Number(executor));
  plan::ToProto(id, *lost.failure_.mutable_block());
  return lost;
}

InputLost InputLost::Block(const plan::BlockId& id, const std::string& why) {
  InputLost lost;
  lost.failure_.set_kind(proto::TaskFailure::BLOCK);
  lost.failure_.set_message("block " + ToString(id) + " could not be read anywhere: " + why);
  plan::ToProto(id, *lost.failure_.mutable_block());
  return lost;
}

proto::TaskFailure DescribeCurrentException(const exec::TaskEnv& env) {
  proto::TaskFailure failure;
  try {
    throw;
  } catch (const InputLost& lost) {
    failure = lost.failure();
  } catch (const exec::TaskError& error) {
    DescribeEngineError(error, env, failure);
  } catch (...) {
    base::Thrown thrown = base::DescribeThrown();
    failure.set_kind(proto::TaskFailure::USER);
    failure.set_type(std::move(thrown.type));
    failure.set_message(std::move(thrown.text));
  }
  failure.set_operation(env.operation);
  return failure;
}

}  // namespace millstream::executor
