/** Compacts etcd immediately. An API server does this only every five minutes. */

/**
 * Deletes all revisions except the latest. After a restart of the API server, watches then cannot resume at an older
 * revision.
 */
export async function compact(etcdUrl: string): Promise<void> {
	const post = (path: string, body: object) =>
		fetch(`${etcdUrl}${path}`, { method: 'POST', body: JSON.stringify(body) });
	const status = (await (await post('/v3/maintenance/status', {})).json()) as { header: { revision: string } };
	const { ok } = await post('/v3/kv/compaction', { revision: status.header.revision, physical: true });
	if (!ok) throw new Error('etcd did not compact');
}
