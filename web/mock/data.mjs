// What the stand-in server starts with, and what its "model" says.
export const models = [
  {
    id: "starter",
    aliases: [],
    state: "ready",
    pinned: false,
    architecture: "llama",
    parameters: 134515008,
    quantization: "Q8_0",
    file_bytes: 144811392,
    bytes: { weights: 144811392, context: 188743680, working: 33554432 },
    context_tokens: 8192,
    vocab_size: 49152,
    thinking: false,
    tools: true,
    system: true,
    vision: false,
    defaults: { temperature: 0.2, top_p: 0.9 },
    tokens_per_s: 118.4,
    roof_tokens_per_s: 162,
  },
  {
    id: "ministral-3b",
    aliases: [],
    state: "unloaded",
    pinned: false,
    architecture: "mistral3",
    parameters: 3429006336,
    quantization: "Q4_K_M",
    file_bytes: 2147483648,
    bytes: { weights: 2147483648, context: 872415232, working: 201326592 },
    context_tokens: 16384,
    vocab_size: 131072,
    thinking: true,
    tools: true,
    system: true,
    vision: false,
    defaults: { temperature: 0.15, top_p: 1 },
    tokens_per_s: null,
    roof_tokens_per_s: 11.2,
  },
];

export const machine = {
  cpu: "AMD Ryzen 7 7840U",
  cores: 8,
  isa: "AVX-512",
  memory_bytes: 33414000000,
  memory_free_bytes: 26500000000,
  bandwidth: 68000000000,
  data_folder: "/var/lib/bise",
  disk_free_bytes: 212000000000,
  store_bytes: 4300000,
  address: "http://127.0.0.1:5199",
  outgoing: [],
};

export const answers = {
  table: `No. On 16 November the drive tripped on temperature; today the light curtain opened **first** and the drive only followed.

| Time | Code | Station | Held |
| --- | --- | --- | ---: |
| 06:41:58 | \`SC-211\` | Infeed | 1.7 s |
| 06:42:00 | \`DR-040\` | Conveyor M2 | 0.4 s |
| 06:42:03 | \`LN-001\` | Line | 9 min |

Short interruptions by shift show whether it opens with nobody there:

\`\`\`sql
select shift, count(*) as short_trips
from plc_log where code = 'SC-211' and held_ms < 300  -- nobody walks that fast
group by shift;
\`\`\`

The energy is $E = \\frac{1}{2} m v^2$, and over the whole stop

$$\\int_0^T P\\,dt = 4.2\\ \\mathrm{kJ}$$

1. Clean the light curtain.
2. Check its alignment.
   - upper bracket
   - lower bracket
3. Reset the line.

\`\`\`mermaid
flowchart LR
  A[Light curtain] --> B{Open?}
  B -- yes --> C[Stop M2]
  B -- no --> D[Run]
\`\`\``,
  korean: `원액 7.5 mL를 취해 증류수로 250 mL까지 채우면 됩니다.

계산은 C₁V₁ = C₂V₂ 입니다: 0.15 M × 250 mL ÷ 5 M = 7.5 mL.`,
  plain: (question) =>
    `You asked about “${question.slice(0, 60)}”. An index is a second, sorted copy of some columns: ` +
    "the database looks a value up in it instead of reading every row. It costs room and makes " +
    "writing slower.\n\nUse one where you search often and write seldom.",
};
