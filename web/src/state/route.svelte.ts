// Where the page is. Links are ordinary links; a click on one of ours changes the address only.

interface Place {
  path: string;
  parts: string[];
  query: URLSearchParams;
}

function place(): Place {
  const { pathname, search } = location;
  return {
    path: pathname,
    parts: pathname.split("/").filter(Boolean).map(decodeURIComponent),
    query: new URLSearchParams(search),
  };
}

export const route = $state<{ now: Place }>({ now: place() });

export function go(path: string, how: { replace?: boolean } = {}) {
  if (path === location.pathname + location.search) return;
  if (how.replace) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  route.now = place();
}

// Changes one member of the query, so that a link shows what is seen and Back closes it.
export function set_query(name: string, value: string | null, how: { replace?: boolean } = {}) {
  const query = new URLSearchParams(location.search);
  if (value === null) query.delete(name);
  else query.set(name, value);
  const text = query.toString();
  go(location.pathname + (text ? `?${text}` : ""), how);
}

const ours = /^\/($|start$|chat\/|search$|settings($|\/)|signin$)/;

export function start_routing() {
  addEventListener("popstate", () => {
    route.now = place();
  });
  addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest?.("a[href]") as HTMLAnchorElement | null;
    if (!link || link.target || link.hasAttribute("download")) return;
    if (link.origin !== location.origin || !ours.test(link.pathname)) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
