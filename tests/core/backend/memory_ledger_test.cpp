#include "core/backend/memory_ledger.h"

#include "tests/support/catch.h"

using namespace limpid;

TEST_CASE("memory_ledger: without a limit everything is allowed and counted") {
  MemoryLedger ledger;
  CHECK(ledger.take(100));
  CHECK(ledger.take(50));
  ledger.give_back(100);
  CHECK(ledger.taken_bytes() == 50);
  CHECK(ledger.available_bytes(1000) == 1000);
}

TEST_CASE("memory_ledger: beyond the limit nothing is taken") {
  MemoryLedger ledger;
  ledger.set_limit(100);
  CHECK(ledger.take(60));
  CHECK_FALSE(ledger.take(41));
  CHECK(ledger.taken_bytes() == 60);
  CHECK(ledger.available_bytes(1000) == 40);
  CHECK(ledger.available_bytes(10) == 10);
  CHECK(ledger.take(40));
  ledger.set_limit(50);  // less than is taken
  CHECK(ledger.available_bytes(1000) == 0);
}

TEST_CASE("memory_ledger: what is in use besides counts within the limit, not as taken") {
  MemoryLedger ledger;
  ledger.set_limit(100, 30);
  CHECK(ledger.available_bytes(1000) == 70);
  CHECK_FALSE(ledger.take(71));
  CHECK(ledger.take(70));
  CHECK(ledger.taken_bytes() == 70);
  CHECK(ledger.available_bytes(1000) == 0);
  ledger.set_limit(20, 30);  // less than is in use
  CHECK(ledger.available_bytes(1000) == 0);
  ledger.set_limit(0);
  CHECK(ledger.available_bytes(1000) == 1000);
}
