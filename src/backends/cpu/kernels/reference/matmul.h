#pragma once

#include "backends/cpu/kernel_table.h"

namespace bise::cpu::reference {

// Sets `formats` of every quantised type.
void install_matmul(KernelTable& table);

}  // namespace bise::cpu::reference
