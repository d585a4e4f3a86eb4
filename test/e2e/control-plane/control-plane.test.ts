import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { USERS } from '../../harness/control-plane/credentials.ts';
import { needControlPlane } from '../../harness/control-plane/mocha.ts';
import { startProgram, waitUntilReady } from '../../harness/control-plane/processes.ts';
import { type ControlPlane, startControlPlane } from '../../harness/control-plane/start.ts';

const isAlive = (pid: number): boolean => {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
};

/** Polls until `done` holds; the test's own timeout ends it otherwise. */
const until = async (done: () => boolean | Promise<boolean>): Promise<void> => {
	while (!(await done())) await sleep(100);
};

const isVisible = async (plane: ControlPlane, args: readonly string[]): Promise<boolean> =>
	(await plane.kubectl(['get', ...args])).code === 0;

describe('control plane', function () {
	this.timeout(90_000);
	const controlPlane = needControlPlane();

	for (const user of ['admin', 'operator', 'person', 'webhook'] as const) {
		it(`knows the user ${user}`, async () => {
			const answer = await controlPlane().kubectl(['auth', 'whoami', '-o', 'json'], { user });
			expect(answer.stderr).to.equal('');
			const { username, groups } = JSON.parse(answer.stdout).status.userInfo;
			expect(username).to.equal(USERS[user].name);
			expect(groups).to.have.members([...USERS[user].groups, 'system:authenticated']);
		});
	}

	for (const [user, answer] of Object.entries({
		admin: 'yes',
		operator: 'yes',
		person: 'yes',
		webhook: 'no',
	} as const)) {
		it(`lets ${user} make Deployments: ${answer}`, async () => {
			const { stdout } = await controlPlane().kubectl(['auth', 'can-i', 'create', 'deployments'], {
				user: user as keyof typeof USERS,
			});
			expect(stdout.trim()).to.equal(answer);
		});
	}

	it('makes Pods without controllers', async () => {
		const plane = controlPlane();
		const answer = await plane.kubectl(['run', 'alone', '--image=example.com/none']);
		expect(answer).to.include({ code: 0, stderr: '' });
	});

	it('hands stdin, exit code and stderr of kubectl through', async () => {
		const input = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: From-Stdin\n';
		const answer = await controlPlane().kubectl(['apply', '-f', '-'], { input });
		expect(answer.code).to.equal(1);
		expect(answer.stderr).to.contain('Invalid value: "From-Stdin"');
	});

	it('keeps its data over a stop and a start of the API server', async () => {
		const plane = controlPlane();
		await plane.kubectl(['create', 'namespace', 'kept']);
		await plane.stopApiServer();
		const without = await plane.kubectl(['get', 'namespace', 'kept']);
		expect(without.code).to.equal(1);
		expect(without.stderr).to.contain('refused');
		await plane.startApiServer();
		expect(await isVisible(plane, ['namespace', 'kept'])).to.equal(true);
	});
});

describe('control plane with controllers', function () {
	this.timeout(90_000);
	const controlPlane = needControlPlane({ controllerManager: true });

	it('turns a Deployment into Pods and collects what loses its owner', async () => {
		const plane = controlPlane();
		const made = await plane.kubectl(['create', 'deployment', 'two', '--image=example.com/none', '--replicas=2']);
		expect(made).to.include({ code: 0, stderr: '' });
		const pods = async () =>
			(await plane.kubectl(['get', 'pods', '-l', 'app=two', '-o', 'name'])).stdout.trim().split('\n');
		await until(async () => (await pods()).length === 2);
		await plane.kubectl(['delete', 'deployment', 'two']);
		await until(async () => (await pods()).join() === '');
	});
});

describe('control plane processes', function () {
	this.timeout(90_000);
	needControlPlane();

	it('leaves no process and no data after stop', async () => {
		const plane = await startControlPlane();
		const pids = plane.pids();
		expect(pids).to.have.length(2);
		expect(pids.map(isAlive)).to.deep.equal([true, true]);
		await plane.stop();
		expect(pids.map(isAlive)).to.deep.equal([false, false]);
		expect(existsSync(plane.dataFolder)).to.equal(false);
		await plane.stop();
	});

	it('names the log of an API server that does not come up', async () => {
		const error: unknown = await startControlPlane({ apiServerArgs: ['--no-such-flag'] }).then(
			() => expect.fail('it started'),
			(reason: unknown) => reason,
		);
		const message = error instanceof Error ? error.message : '';
		expect(message).to.match(
			/^kube-apiserver ended before it was ready; its log is .*kube-apiserver\.log, last line: .*no-such-flag/,
		);
		const folder = /its log is (.*)\/kube-apiserver\.log/.exec(message)?.[1] ?? '';
		expect(existsSync(folder)).to.equal(true);
		rmSync(folder, { recursive: true });
	});

	for (const [how, script] of Object.entries({
		'is killed': 'process.kill(process.pid, "SIGKILL")',
		'is terminated': 'process.kill(process.pid, "SIGTERM")',
		throws: 'throw new Error("planted")',
		'forgets to stop': '',
	})) {
		it(`ends with a parent that ${how}`, async () => {
			const folder = mkdtempSync(join(tmpdir(), 'parent-'));
			const module = JSON.stringify(join(import.meta.dirname, '../../harness/control-plane/processes.ts'));
			const log = JSON.stringify(join(folder, 'log'));
			const parent = join(folder, 'parent.ts');
			const start = `const p = startProgram('sleep', '/bin/sleep', ['1000'], ${log}); console.log(p.pid);`;
			writeFileSync(
				parent,
				`import { startProgram } from ${module};\n${start}\nsetTimeout(() => { ${script} }, 300);\n`,
			);
			const child = spawn(process.execPath, [parent], { stdio: ['ignore', 'pipe', 'ignore'] });
			const [line] = await once(createInterface(child.stdout), 'line');
			const pid = Number(line);
			expect(isAlive(pid)).to.equal(true);
			await once(child, 'exit');
			await until(() => !isAlive(pid));
			rmSync(folder, { recursive: true });
		});
	}

	it('kills a program that ignores the request to stop', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'deaf-'));
		const log = join(folder, 'log');
		const deaf = startProgram(
			'deaf',
			'/bin/sh',
			['-c', 'trap "" TERM; echo deaf; while true; do sleep 0.1; done'],
			log,
		);
		await until(() => existsSync(log));
		await sleep(100);
		const startedMs = Date.now();
		await deaf.stop(200);
		expect(Date.now() - startedMs).to.be.within(190, 2_000);
		expect(isAlive(deaf.pid)).to.equal(false);
		rmSync(folder, { recursive: true });
	});

	it('gives up on a program that is never ready', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'never-'));
		const program = startProgram('never', '/bin/sh', ['-c', 'echo waiting for godot; sleep 100'], join(folder, 'log'));
		const error: unknown = await waitUntilReady(program, async () => false, 200).catch((reason: unknown) => reason);
		expect(String(error)).to.match(/never was not ready within 0\.2 s; its log is .*log, last line: waiting for godot/);
		await program.stop(1_000);
		rmSync(folder, { recursive: true });
	});
});
