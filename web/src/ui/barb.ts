// A speed as the weather map's sign: short stroke 5, long stroke 10, flag 50 tokens a second; from
// 100 rounded to 50, at most four flags; a bare staff is calm.
export function barb(speed: number) {
  let left = Math.min(speed >= 100 ? Math.round(speed / 50) * 50 : Math.round(speed / 5) * 5, 200);
  let [x, y] = [23, 4.5];
  let flags = "";
  let strokes = "";
  const forward = (by: number) => {
    x -= by;
    y += (by * 9) / 21;
  };
  const at = (dx: number, dy: number) => `${(x + dx).toFixed(1)} ${(y + dy).toFixed(1)}`;
  // A short stroke alone stands off the end, or it would read as a long one seen badly.
  if (left === 5) forward(3.4);
  for (; left >= 50; left -= 50) {
    flags += `M${at(0, 0)}L${at(-3.4, -6.2)} ${at(-4, 1.7)}Z`;
    forward(4.9);
  }
  for (; left >= 10; left -= 10) {
    strokes += `M${at(0, 0)}L${at(-2.9, -6)}`;
    forward(3.4);
  }
  if (left >= 5) strokes += `M${at(0, 0)}L${at(-1.5, -3.1)}`;
  return { flags, strokes };
}
