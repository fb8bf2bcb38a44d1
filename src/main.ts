#!/usr/bin/env node
import 'reflect-metadata';
import { setFlagsFromString } from 'node:v8';
import { run } from './cli/program.js';

// What an operation makes is dead when it ends. A collection in the midst of one of the first has V8 take it for
// long-lived and make all of its kind old at once, which keeps alive what they refer to: GC cost five times as much.
setFlagsFromString('--no-allocation-site-pretenuring');

process.exitCode = await run(process.argv);
