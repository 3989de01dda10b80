// Averages, batch by batch, what simulated thermometers measure. Each is a receiver of its own, with a core
// of its own:
//
//   thermometers --master 'local[3]' kitchen cellar
#include <millstream/streaming.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ms = millstream;
using namespace std::chrono_literals;

struct Reading {
  std::string room;
  double celsius = 0;
};

// In place of a device that measures a hundred times a second.
struct Thermometer {
  std::string room;

  void Receive(ms::ReceiverSink<Reading>& sink) const {
    for (int64_t step = 0; !sink.Stopped(); ++step) {
      sink.Store({room, 20 + std::sin(static_cast<double>(step) / 100)});
      std::this_thread::sleep_for(10ms);
    }
  }
};

struct Sum {
  double celsius = 0;
  int64_t readings = 0;
};

absl::Status Thermometers(ms::StreamingContext& ssc) {
  if (ms::Args().empty()) return absl::InvalidArgumentError("usage: thermometers [FLAGS] ROOM...");
  std::vector<ms::DStream<Reading>> rooms;
  for (const std::string& room : ms::Args()) rooms.push_back(ssc.ReceiverStream<Reading>(Thermometer{room}));
  ssc.Union(rooms)
      .Map([](const Reading& reading) {
        return std::pair(reading.room, Sum{reading.celsius, 1});
      })
      .ReduceByKey([](const Sum& a, const Sum& b) {
        return Sum{a.celsius + b.celsius, a.readings + b.readings};
      })
      .MapValues([](const Sum& sum) { return sum.celsius / static_cast<double>(sum.readings); })
      .Print();
  return absl::OkStatus();
}

int main(int argc, char** argv) {
  return ms::Run(argc, argv, {.app_name = "Thermometers", .batch_interval = 1s}, Thermometers);
}
