#include "apps/serve/page_files.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "api/access/principal.h"
#include "apps/serve/embedded_files.h"
#include "base/text.h"

namespace bise {
namespace {

constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'";
// Diagrams are drawn in a frame of their own, by a library that writes styles into what it draws.
constexpr std::string_view kDiagramPolicy =
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:; "
    "font-src 'none'; base-uri 'none'; frame-ancestors 'self'";

// Paths that are the page; what it shows there it finds out itself. Nothing else is (no catch-all).
constexpr std::array kPages = {"/",       "/start",    "/chat/new",          "/chat/{id}",
                               "/search", "/settings", "/settings/{section}"};
constexpr std::array<std::string_view, 7> kSections = {"appearance", "network", "keys", "people",
                                                       "models",     "storage", "about"};

constexpr std::string_view kBootPlace = "<!--boot-->";

struct Kind {
  std::string_view ending;
  std::string_view type;
};
constexpr std::array<Kind, 9> kKinds = {{{".html", "text/html; charset=utf-8"},
                                         {".js", "text/javascript; charset=utf-8"},
                                         {".css", "text/css; charset=utf-8"},
                                         {".svg", "image/svg+xml"},
                                         {".woff2", "font/woff2"},
                                         {".json", "application/json"},
                                         {".png", "image/png"},
                                         {".webmanifest", "application/manifest+json"},
                                         {".txt", "text/plain; charset=utf-8"}}};

// One file in the forms it is sent in.
struct PageFile {
  std::string_view plain, brotli, gzip;
};

std::string_view type_of(std::string_view path) {
  for (const Kind& kind : kKinds) {
    if (path.ends_with(kind.ending)) return kind.type;
  }
  return "application/octet-stream";
}

std::map<std::string, PageFile, std::less<>> page_files() {
  std::map<std::string, PageFile, std::less<>> files;
  for (const EmbeddedFile& file : embedded_files()) {
    std::string_view path = file.path;
    std::string_view PageFile::*form = &PageFile::plain;
    if (path.ends_with(".br")) form = &PageFile::brotli;
    if (path.ends_with(".gz")) form = &PageFile::gzip;
    if (form != &PageFile::plain) path.remove_suffix(3);
    files[std::string(path)].*form = file.bytes;
  }
  return files;
}

http::Response respond_with(const PageFile& file, std::string_view path, std::string_view caching,
                            const http::Request& request) {
  http::Response response;
  response.headers.set("Content-Type", std::string(type_of(path)));
  response.headers.set("Cache-Control", std::string(caching));
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.headers.set("Referrer-Policy", "same-origin");
  response.headers.set("Content-Security-Policy",
                       std::string(path == "/diagram.html" ? kDiagramPolicy : kPolicy));
  if (!file.brotli.empty() || !file.gzip.empty()) response.headers.set("Vary", "Accept-Encoding");
  if (!file.brotli.empty() && request.headers.lists("accept-encoding", "br")) {
    response.headers.set("Content-Encoding", "br");
    response.fixed_body = file.brotli;
  } else if (!file.gzip.empty() && request.headers.lists("accept-encoding", "gzip")) {
    response.headers.set("Content-Encoding", "gzip");
    response.fixed_body = file.gzip;
  } else {
    response.fixed_body = file.plain;
  }
  return response;
}

// JSON as it may stand in a script element: no "<", so that nothing in it ends the element.
std::string in_script(std::string_view json) {
  std::string text;
  for (const char c : json) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

http::Handler page_handler(const PageFile& page, const PageBoot& boot) {
  return http::answer_with([page, boot](const http::Request& request) {
    for (const auto& [name, value] : request.path_values) {
      const bool is_known = name != "section" ||
                            std::find(kSections.begin(), kSections.end(), value) != kSections.end();
      if (!is_known) return http::text_response(404, "There is no such page.\n");
    }
    http::Response response = respond_with(page, "/index.html", "no-store", request);
    const Result<std::string> first = boot(api::principal_of(request).user_id);
    const std::size_t place = page.plain.find(kBootPlace);
    // Without it the page asks, and says what went wrong.
    if (!first.ok() || place == std::string_view::npos) return response;
    response.body =
        concat(page.plain.substr(0, place), "<script type=\"application/json\" id=\"boot\">",
               in_script(*first), "</script>", page.plain.substr(place + kBootPlace.size()));
    response.fixed_body = {};
    return response;
  });
}

}  // namespace

void mount_page_files(http::Router& router, const PageBoot& boot) {
  const auto files =
      std::make_shared<const std::map<std::string, PageFile, std::less<>>>(page_files());
  const auto index = files->find("/index.html");
  if (index == files->end()) {
    router.add({"GET", "/", api::access(api::RouteAccess::page),
                http::answer_with([](const http::Request&) {
                  return http::text_response(
                      200,
                      "This bise was built without its page (npm was not there, or did not get "
                      "its packages).\nThe API is here all the same: /docs describes it.\n");
                })});
    return;
  }
  for (const char* page : kPages) {
    router.add(
        {"GET", page, api::access(api::RouteAccess::page), page_handler(index->second, boot)});
  }
  for (const auto& [path, file] : *files) {
    if (path == "/index.html" || path.starts_with("/assets/")) continue;
    router.add({"GET", path, api::access(api::RouteAccess::open),
                http::answer_with([path = path, file = file](const http::Request& request) {
                  return respond_with(file, path, "no-cache", request);
                })});
  }
  router.add({"GET", "/assets/{name}", api::access(api::RouteAccess::open),
              http::answer_with([files](const http::Request& request) {
                const auto file = files->find(request.path);
                if (file == files->end()) return http::text_response(404, "No such file.\n");
                return respond_with(file->second, file->first,
                                    "public, max-age=31536000, immutable", request);
              })});
}

std::function<http::Response(const http::Request&)> sign_in_page() {
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.path != "/index.html") continue;
    const PageFile page = {.plain = file.bytes, .brotli = {}, .gzip = {}};
    return [page](const http::Request& request) {
      return respond_with(page, "/index.html", "no-store", request);
    };
  }
  return nullptr;
}

}  // namespace bise
