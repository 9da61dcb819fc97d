#include "engine/delivery.h"

#include <iterator>
#include <utility>

namespace bise {

Delivery::~Delivery() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Delivery::push(std::vector<DeliveryItem>& items) {
  if (items.empty()) return;
  for (const DeliveryItem& item : items) {
    if (std::holds_alternative<TokenItem>(item.event)) ++undelivered_;
  }
  {
    const std::lock_guard lock(mutex_);
    queue_.insert(queue_.end(), std::make_move_iterator(items.begin()),
                  std::make_move_iterator(items.end()));
  }
  changed_.notify_one();
  items.clear();
}

void Delivery::run() {
  Teller teller;
  std::vector<DeliveryItem> items;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      std::swap(items, queue_);
    }
    for (DeliveryItem& item : items) {
      teller.tell(item);
      if (std::holds_alternative<TokenItem>(item.event)) --undelivered_;
      if (std::holds_alternative<RequestEndItem>(item.event)) --expected_;
    }
    items.clear();
  }
}

}  // namespace bise
