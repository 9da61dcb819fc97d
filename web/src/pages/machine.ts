// What the models in memory take, by part.
import type { Machine, Model } from "../api";

export function memory_use(models: Model[], machine: Machine) {
  const parts = { weights: 0, context: 0, working: 0, others: 0 };
  for (const model of models) {
    if (model.state !== "ready" && model.state !== "loading") continue;
    parts.weights += model.bytes?.weights ?? 0;
    parts.context += model.bytes?.context ?? 0;
    parts.working += model.bytes?.working ?? 0;
  }
  const ours = parts.weights + parts.context + parts.working;
  const all = machine.memory_bytes ?? 0;
  const used = all - (machine.memory_free_bytes ?? all);
  parts.others = Math.max(0, used - ours);
  return { all, ours, parts, free: Math.max(0, all - ours - parts.others) };
}
