/** All targets, in the order of docs/reliability.md. */
import type { Target } from './target.ts';
import { admission } from './targets/admission.ts';
import { crds } from './targets/crds.ts';
import { http } from './targets/http.ts';
import { json } from './targets/json.ts';
import { kubeconfig } from './targets/kubeconfig.ts';
import { lease } from './targets/lease.ts';
import { manifests } from './targets/manifests.ts';
import { options } from './targets/options.ts';
import { runConfig } from './targets/run-config.ts';
import { servers } from './targets/servers.ts';
import { vmcpConfig } from './targets/vmcp-config.ts';
import { watch } from './targets/watch.ts';
import { words } from './targets/words.ts';

export const TARGETS: readonly Target[] = [
	...[admission, servers, runConfig, vmcpConfig, crds, manifests, json, options, kubeconfig, words, watch, lease, http],
];
