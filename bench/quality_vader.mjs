// Scores texts with the npm package vader-sentiment, the rival of quality_bench.cc: one text a line in (escaped as JSON), one
// compound score a line out.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const web = fileURLToPath(new URL('../web/package.json', import.meta.url));
const { SentimentIntensityAnalyzer } = createRequire(web)('vader-sentiment');
const lines = readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean);
console.log(lines.map((line) => SentimentIntensityAnalyzer.polarity_scores(JSON.parse(line)).compound).join('\n'));
