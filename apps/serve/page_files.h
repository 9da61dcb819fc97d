#pragma once

#include <functional>

#include "http/router.h"

namespace bise {

// The page: its files for everybody, its HTML for who is signed in.
void mount_page_files(http::Router& router);

// What /signin shows without a link. Empty where the program carries no page.
std::function<http::Response(const http::Request&)> sign_in_page();

}  // namespace bise
