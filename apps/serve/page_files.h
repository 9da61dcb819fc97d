#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "http/router.h"

namespace bise {

// What the page shows first, of a user, as JSON.
using PageBoot = std::function<Result<std::string>(std::int64_t user_id)>;

// The page: its files for everybody, its HTML for who is signed in, with what it shows first in it.
void mount_page_files(http::Router& router, const PageBoot& boot);

// What /signin shows without a link. Empty where the program carries no page.
std::function<http::Response(const http::Request&)> sign_in_page();

}  // namespace bise
