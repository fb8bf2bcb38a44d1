#!/usr/bin/env node
import 'reflect-metadata';
import { setFlagsFromString } from 'node:v8';
import { run } from './cli/program.js';

// What an operation makes is dead when it ends. A collection in the midst of one of the first has V8 take it for
// long-lived and make all of its kind old at once, which keeps alive what they refer to: GC cost five times as much.
setFlagsFromString('--no-allocation-site-pretenuring');
// After a while of few operations V8 lets the heap grow by only 8 MB between two markings of all of it, buffers outside
// of it included, which twenty dashboards use up. Each marking drops the maps of objects that are dead at that moment,
// and the compiled code that knows them. Twice what is alive is the measure of Go, too. It takes the place of all that
// V8 would choose, 1.1 to 4 times; the limit of the heap holds, growth is cut halfway to it.
setFlagsFromString('--heap-growing-percent=100');

process.exitCode = await run(process.argv);
