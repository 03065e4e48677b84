/**
 * `main.js SUITE SECONDS OCTETS…`: how many packets a second the kernel of ESP seals and opens, of each size, on one processor; a JSON list of
 * `EspRate`. A process of its own, so that no suite is compiled together with another.
 */
import { measureEsp } from './esp-rate.ts';

const [suite = '', seconds = '', ...sizes] = process.argv.slice(2);
const WARM_UP_SECONDS = 0.1;
measureEsp(suite, Number(sizes[0]), WARM_UP_SECONDS);
const rates = sizes.map(octets => measureEsp(suite, Number(octets), Number(seconds)));
process.stdout.write(JSON.stringify(rates));
