// One program, two roles: the only place where driver and executor meet.
#include "client/context/engine.h"

#include <algorithm>
#include <future>
#include <mutex>
#include <utility>

#include "client/context/application_credentials.h"
#include "client/context/cluster_application.h"
#include "client/context/executor_log.h"
#include "client/context/executor_request.h"
#include "client/context/exit_code.h"
#include "client/context/files.h"
#include "client/context/listening.h"
#include "client/context/process_state.h"
#include "client/context/program_blocks.h"
#include "common/base/crash_report.h"
#include "common/base/logging.h"
#include "common/cli/configuration_keys.h"
#include "common/cli/exit_codes.h"
#include "common/plan/kernel_refs.h"
#include "common/rpc/bootstrap.h"
#include "common/rpc/child_process.h"
#include "common/rpc/grpc_block_server.h"
#include "common/rpc/grpc_blocks.h"
#include "common/rpc/grpc_control.h"
#include "common/rpc/grpc_executor_link.h"
#include "common/rpc/in_memory_blocks.h"
#include "common/rpc/in_memory_link.h"
#include "common/security/cluster_secret.h"
#include "common/security/credentials.h"
#include "driver/driver.h"
#include "executor/executor.h"

namespace millstream::client {
namespace {

constexpr std::chrono::seconds kStartTimeout{30};

executor::ExecutorOptions ExecutorOptionsOf(const cli::ResolvedConfig& config, ExecutorId id, int cores,
                                            size_t memory_bytes) {
  return {.id = id,
          .cores = cores,
          .memory_bytes = memory_bytes,
          .local_dir = config.Get(cli::keys::kLocalDir),
          .data_address = "",
          .build_id = plan::MainBuildId(),
          .test_chunks = config.GetBoolean(cli::keys::kSmallChunks)};
}

size_t MemoryOf(const cli::ResolvedConfig& config, const cli::MasterUrl& master) {
  return static_cast<size_t>(
      master.executor_memory_bytes.value_or(*config.GetBytes(cli::keys::kExecutorMemory)));
}

driver::DriverOptions DriverOptionsOf(const cli::ResolvedConfig& config, const cli::MasterUrl& master) {
  return {.application = config.Get(cli::keys::kAppName),
          .executors = master.executors,
          .cores_per_executor = master.cores_per_executor,
          .max_task_failures = master.max_task_failures.value_or(
              static_cast<int>(*config.GetInteger(cli::keys::kMaxTaskFailures))),
          .max_stage_attempts = static_cast<int>(*config.GetInteger(cli::keys::kMaxStageAttempts)),
          .executor_memory_bytes = MemoryOf(config, master),
          .max_result_bytes = static_cast<size_t>(*config.GetBytes(cli::keys::kMaxResultSize)),
          .network_timeout = *config.GetDuration(cli::keys::kNetworkTimeout),
          .build_id = plan::MainBuildId()};
}

// What all kinds of engine share: calls pass through to the driver.
class DriverEngine : public Engine {
 public:
  absl::StatusOr<std::vector<exec::Slices>> RunJob(Job job) override {
    absl::StatusOr<driver::JobResult> result = driver_->RunJob({.root = std::move(job.root),
                                                                .partitions = std::move(job.partitions),
                                                                .operation = std::move(job.operation),
                                                                .batch = job.batch,
                                                                .batch_time_ms = job.batch_time_ms});
    if (!result.ok()) return result.status();
    return std::move(result->partitions);
  }
  void Unpersist(const plan::Node& node) override { driver_->Unpersist(node); }
  int total_cores() const override { return driver_->total_cores(); }
  int PartitionsPerReceiver(const plan::StreamingRequest& request) const override {
    return driver::Driver::PartitionsPerReceiver(request);
  }
  absl::Status StartStreaming(plan::StreamingRequest request) override {
    return driver_->StartStreaming(std::move(request));
  }
  absl::Status StopStreaming(bool graceful) override { return driver_->StopStreaming(graceful); }
  std::optional<absl::Status> AwaitStreaming(std::optional<std::chrono::milliseconds> timeout) override {
    std::optional<absl::Status> outcome = driver_->AwaitStreaming(timeout);
    if (outcome && !outcome->ok()) Process().exit_code = cli::kExitFailed;
    return outcome;
  }

 protected:
  std::unique_ptr<driver::Driver> driver_;
};

// local[N]: one executor in this process, its messages handed over by pointer.
class LocalEngine : public DriverEngine, private driver::ExecutorLauncher {
 public:
  ~LocalEngine() override { Stop(); }

  absl::Status Begin(const cli::ResolvedConfig& config, const cli::MasterUrl& master) {
    static std::once_flag crash_handler;
    std::call_once(crash_handler, [] { base::InstallCrashHandler(-1); });
    absl::StatusOr<std::unique_ptr<executor::Executor>> made = executor::Executor::Create(
        ExecutorOptionsOf(config, kOnly, master.cores_per_executor, MemoryOf(config, master)), blocks_,
        [this](auto message, rpc::Sender sender) { link_->Send(std::move(message), sender); });
    if (!made.ok()) return made.status();
    executor_ = *std::move(made);
    blocks_.Register(kOnly, executor_->blocks());
    link_ = endpoint_.Attach(kOnly, [this](std::shared_ptr<const proto::ToExecutor> message) {
      executor_->Handle(std::move(message));
    });
    driver_ = std::make_unique<driver::Driver>(DriverOptionsOf(config, master), endpoint_,
                                               static_cast<driver::ExecutorLauncher&>(*this), blocks_);
    blocks_.Register(kDriverPeer, driver_->collections());
    return driver_->Start(kStartTimeout);
  }

  void Stop() override {
    if (driver_ != nullptr) driver_->Stop();
    if (link_ != nullptr) endpoint_.Detach(kOnly, "stopped");
    if (executor_ != nullptr) executor_->Stop();
    blocks_.Unregister(kOnly);
    blocks_.Unregister(kDriverPeer);
  }

 private:
  static constexpr ExecutorId kOnly{0};

  // The executor is there already; it says Hello when the driver asks for it, and ends with the process.
  void Launch(ExecutorId) override { executor_->Start(); }
  void Kill(ExecutorId) override {}

  rpc::InMemoryEndpoint endpoint_;
  rpc::InMemoryBlockTransport blocks_;
  std::unique_ptr<executor::Executor> executor_;
  std::shared_ptr<rpc::ExecutorLink> link_;
};

// What the engines whose executors are processes share: the driver's ports, over gRPC.
class ProcessEngine : public DriverEngine, protected driver::ExecutorLauncher {
 public:
  ProcessEngine(const cli::ResolvedConfig& config, cli::MasterUrl master,
                std::optional<security::ClusterSecret> secret)
      : config_(config), master_(std::move(master)), credentials_(std::move(secret), Process().credentials) {}

  // The whole start; once.
  virtual absl::Status Begin() = 0;

  void Stop() override {
    std::lock_guard lock(stop_mutex_);
    if (stopped_) return;
    stopped_ = true;
    if (driver_ != nullptr) (void)driver_->StopStreaming(/*graceful=*/false);
    OnStopping();
    if (driver_ != nullptr) driver_->Stop();
    endpoint_.reset();
    AwaitExecutors();
    server_.reset();
  }

 protected:
  // For executors on this machine, or where those masters' workers are.
  absl::Status OpenPorts(driver::DriverOptions options, const std::vector<std::string>& masters) {
    const absl::StatusOr<DriverListening> listening = DriverListeningOf(config_, masters);
    if (!listening.ok()) return listening.status();
    const absl::StatusOr<security::Credentials> own = credentials_.Issue(security::Role::kDriver);
    if (!own.ok()) return own.status();
    auto endpoint = rpc::GrpcDriverEndpoint::Listen(*own, {.listen = listening->control});
    if (!endpoint.ok()) return endpoint.status();
    endpoint_ = *std::move(endpoint);
    const std::chrono::milliseconds timeout = *config_.GetDuration(cli::keys::kNetworkTimeout);
    auto server = rpc::GrpcBlockServer::Listen(*own, timeout, listening->blocks);
    if (!server.ok()) return server.status();
    server_ = *std::move(server);
    blocks_ = std::make_unique<rpc::GrpcBlockTransport>(*own, timeout);
    driver_ = std::make_unique<driver::Driver>(std::move(options), *endpoint_,
                                               static_cast<driver::ExecutorLauncher&>(*this), *blocks_);
    blocks_->SetOwn(kDriverPeer, driver_->collections());
    return absl::OkStatus();
  }

  // Admits the executor, which is told everything but its number of cores.
  absl::StatusOr<proto::Bootstrap> Expect(ExecutorId executor) {
    const absl::StatusOr<security::Credentials> credentials = credentials_.Issue(security::Role::kExecutor);
    if (!credentials.ok()) return credentials.status();
    endpoint_->Expect(executor);
    proto::Bootstrap bootstrap = BootstrapOf(config_, executor, *credentials, MemoryOf(config_, master_));
    bootstrap.set_driver_address(endpoint_->address());
    bootstrap.set_driver_blocks_address(server_->address());
    return bootstrap;
  }

  virtual void OnStopping() {}
  // The driver has told them to end.
  virtual void AwaitExecutors() = 0;

  const cli::ResolvedConfig config_;
  const cli::MasterUrl master_;
  const ApplicationCredentials credentials_;
  std::unique_ptr<rpc::GrpcBlockTransport> blocks_;
  std::unique_ptr<rpc::GrpcDriverEndpoint> endpoint_;
  std::unique_ptr<rpc::GrpcBlockServer> server_;

 private:
  std::mutex stop_mutex_;  // protects stopped_
  bool stopped_ = false;
};

// local-cluster[E,C,M]: executors are this process's children.
class LocalClusterEngine : public ProcessEngine {
 public:
  using ProcessEngine::ProcessEngine;
  ~LocalClusterEngine() override { Stop(); }

  absl::Status Begin() override {
    if (absl::Status opened = OpenPorts(DriverOptionsOf(config_, master_), {}); !opened.ok()) return opened;
    server_->Serve(driver_->collections());
    children_ = std::make_unique<rpc::ChildProcesses>(
        [this](const rpc::ChildExit& end) { driver_->OnExecutorExited(ExecutorId{end.child}, end.how); });
    return driver_->Start(kStartTimeout);
  }

 private:
  void Launch(ExecutorId executor) override {
    absl::StatusOr<proto::Bootstrap> bootstrap = Expect(executor);
    if (!bootstrap.ok()) {
      return driver_->OnExecutorExited(executor, std::string(bootstrap.status().message()));
    }
    bootstrap->set_cores(static_cast<uint32_t>(master_.cores_per_executor));
    rpc::ChildProgram program{.arguments = Process().command_line};
    for (const auto& [name, value] : ExecutorEnvironment(config_)) {
      program.environment.push_back(name + "=" + value);
    }
    children_->Spawn(Number(executor), std::move(program), *std::move(bootstrap));
  }
  void Kill(ExecutorId executor) override { children_->Kill(Number(executor)); }
  void AwaitExecutors() override {
    if (children_ == nullptr) return;
    children_->AwaitAll(std::chrono::seconds(2));
    children_.reset();
  }

  std::unique_ptr<rpc::ChildProcesses> children_;
};

// millstream://HOST:PORT: a master grants executors, and its workers run them.
class ClusterEngine : public ProcessEngine {
 public:
  using ProcessEngine::ProcessEngine;
  ~ClusterEngine() override { Stop(); }

  absl::Status Begin() override {
    const proto::ExecutorRequest request = ExecutorRequestOf(config_, MemoryOf(config_, master_));
    const std::chrono::milliseconds patience = *config_.GetDuration(cli::keys::kWaitTimeout);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    driver::DriverOptions options = DriverOptionsOf(config_, master_);
    options.executors = 0;
    options.cores_per_executor = static_cast<int>(std::max(1u, request.executor_cores()));
    options.grant_timeout = patience;
    options.most_cores = MostCores(request);
    const auto masters = rpc::CheckHosts(master_.masters, credentials_.secured(), "--master");
    if (!masters.ok()) return masters.status();
    if (absl::Status opened = OpenPorts(std::move(options), *masters); !opened.ok()) return opened;
    auto program = ProgramBlocks::Open(driver_->collections(), Files());
    if (!program.ok()) return program.status();
    program_ = *std::move(program);
    server_->Serve(*program_);
    if (absl::Status started = driver_->Start(kStartTimeout); !started.ok()) return started;
    const absl::StatusOr<security::Credentials> own = credentials_.Issue(security::Role::kDriver);
    if (!own.ok()) return own.status();
    application_ = std::make_unique<ClusterApplication>(
        *own, *masters, HelloOf(config_, request),
        ClusterApplication::Listener{
            .on_granted = [this](ExecutorId executor) { driver_->OnExecutorGranted(executor); },
            .on_ended = [this](ExecutorId executor,
                               const std::string& how) { driver_->OnExecutorExited(executor, how); },
            .on_killed = [this](const std::string& reason) { driver_->Fail(absl::CancelledError(reason)); }});
    application_->Start();
    const absl::StatusOr<int> cores =
        application_->AwaitFirstGrant(std::min(patience, kReachTimeout), patience);
    if (!cores.ok()) return cores.status();
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const auto join = std::min(kJoinTimeout, left);
    // All of them, which the default parallelism counts; but one worker that hangs is not waited for long.
    if (driver_->AwaitCores(*cores, join).ok()) return absl::OkStatus();
    return driver_->AwaitCores(1, left - join);
  }

 private:
  static constexpr std::chrono::milliseconds kJoinTimeout{5'000};
  // How long a master is looked for; it would answer in milliseconds.
  static constexpr std::chrono::milliseconds kReachTimeout{10'000};

  void Launch(ExecutorId executor) override {
    absl::StatusOr<proto::Bootstrap> bootstrap = Expect(executor);
    if (!bootstrap.ok()) {
      return driver_->OnExecutorExited(executor, std::string(bootstrap.status().message()));
    }
    application_->Launch(executor, LaunchOf(config_, *std::move(bootstrap), program_->descriptions()));
  }
  void Kill(ExecutorId executor) override { application_->Drop(executor, "its driver gave it up"); }
  // Else the master, which hears of their ends first, would replace them.
  void OnStopping() override {
    if (application_ != nullptr) application_->End();
  }
  void AwaitExecutors() override { application_.reset(); }

  std::unique_ptr<ProgramBlocks> program_;
  std::unique_ptr<ClusterApplication> application_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> Engine::Start(const cli::ResolvedConfig& config) {
  const cli::MasterUrl master = config.GetMaster();
  Process().exit_code = cli::kExitDone;
  if (absl::Status set = SetFiles(config.Get(cli::keys::kFiles)); !set.ok()) return set;
  std::optional<security::ClusterSecret> secret;
  // A driver that a worker started has been given what it needs of it.
  if (const std::string file = config.Get(cli::keys::kSecretFile);
      !file.empty() && Process().driver.empty()) {
    absl::StatusOr<security::ClusterSecret> read = security::ClusterSecret::Read(file);
    if (!read.ok()) return read.status();
    secret = *std::move(read);
  }
  if (master.kind == cli::MasterUrl::Kind::kLocal) {
    auto engine = std::make_unique<LocalEngine>();
    if (absl::Status status = engine->Begin(config, master); !status.ok()) return status;
    return engine;
  }
  if (Process().command_line.empty()) {
    return absl::FailedPreconditionError("master " + config.Get(cli::keys::kMaster) +
                                         ": executors run this same program, which must call ms::Init or "
                                         "ms::Run first. Make it the first line of main");
  }
  std::unique_ptr<ProcessEngine> engine;
  if (master.kind == cli::MasterUrl::Kind::kLocalCluster) {
    engine = std::make_unique<LocalClusterEngine>(config, master, std::move(secret));
  } else {
    engine = std::make_unique<ClusterEngine>(config, master, std::move(secret));
  }
  if (absl::Status status = engine->Begin(); !status.ok()) {
    Process().exit_code = StartExitCode(status);
    return status;
  }
  return engine;
}

int ServeExecutor(const proto::Bootstrap& bootstrap) {
  base::InstallCrashHandler(rpc::CrashReportFd());
  const auto fail = [](const absl::Status& status) {
    base::LogError(std::string(status.message()));
    return 1;
  };
  auto config =
      cli::ResolvedConfig::FromValues({bootstrap.configuration().begin(), bootstrap.configuration().end()});
  if (!config.ok()) return fail(config.status());
  base::SetLogLevel(config->GetLogLevel());
  const std::optional<security::Credentials> own = security::FromProto(bootstrap.credentials());
  if (!own) return fail(absl::InvalidArgumentError("executor: its bootstrap has no credentials"));
  const std::chrono::milliseconds timeout = *config->GetDuration(cli::keys::kNetworkTimeout);
  auto server = rpc::GrpcBlockServer::Listen(*own, timeout, ExecutorListeningOf(*config, bootstrap));
  if (!server.ok()) return fail(server.status());
  rpc::GrpcBlockTransport blocks(*own, timeout);
  rpc::GrpcExecutorLink link(bootstrap.driver_address(), *own, timeout);
  const ExecutorId id{bootstrap.executor()};
  executor::ExecutorOptions options =
      ExecutorOptionsOf(*config, id, static_cast<int>(bootstrap.cores()), bootstrap.memory_bytes());
  options.data_address = (*server)->address();
  const auto send = [&link](auto message, rpc::Sender sender) { link.Send(std::move(message), sender); };
  auto executor = executor::Executor::Create(std::move(options), blocks, send);
  if (!executor.ok()) return fail(executor.status());
  blocks.SetOwn(id, (*executor)->blocks());
  blocks.SetPeer(kDriverPeer, bootstrap.driver_blocks_address());
  (*server)->Serve((*executor)->blocks());
  ExecutorLog log(bootstrap, (*server)->address());
  std::promise<void> driver_gone;
  const auto on_message = [&](auto message) {
    log.OnMessage(*message);
    (*executor)->Handle(std::move(message));
  };
  const auto on_closed = [&](const std::string& reason) {
    log.OnClosed(reason);
    driver_gone.set_value();
  };
  link.Start({.on_message = on_message, .on_closed = on_closed});
  (*executor)->Start();
  driver_gone.get_future().wait();
  (*executor)->Stop();
  return 0;
}

}  // namespace millstream::client
