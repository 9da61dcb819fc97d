// A share as the width of a bar. Through the object model: the policy allows no style attributes.
export function width(node: HTMLElement, share: number) {
  const set = (value: number) => {
    node.style.width = `${Math.max(0, Math.min(1, value)) * 100}%`;
  };
  set(share);
  return { update: set };
}
