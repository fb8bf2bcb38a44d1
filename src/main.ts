#!/usr/bin/env node
import 'reflect-metadata';
import { setFlagsFromString } from 'node:v8';
import { run } from './cli/program.js';

// What an operation makes is dead when it ends. A collection in the midst of one of the first has V8 take it for
// long-lived and make all of its kind old at once, which keeps alive what they refer to: GC cost five times as much.
setFlagsFromString('--no-allocation-site-pretenuring');
// After a minute of few operations V8 lets the heap grow by 8 MB from one marking of all of it to the next, and counts
// what answers hold outside of it: twenty dashboards. It marked three times a second, and dropped compiled code with
// the maps of objects that were dead at that moment. Twice what is alive is the measure of Go, too.
setFlagsFromString('--heap-growing-percent=100');

process.exitCode = await run(process.argv);
