import type { TemplateEntry } from './sli-template-entry.js';
import { inferenceTemplates } from './sli-template-inference.js';
import { meshTemplates } from './sli-template-mesh.js';
import { modelServerTemplates } from './sli-template-model-servers.js';
import { storageTemplates } from './sli-template-storage.js';
import { streamingTemplates } from './sli-template-streaming.js';

/** Every template there is. */
export const templateEntries: readonly TemplateEntry[] = [
  ...meshTemplates,
  ...inferenceTemplates,
  ...modelServerTemplates,
  ...storageTemplates,
  ...streamingTemplates,
];
