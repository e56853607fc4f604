"""The crash library under small programs: Python's os module, its ctypes, and a shell."""
import os
import signal
import socket
import subprocess
import sys

import pytest

PRELUDE = '''
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
for name in ('fopen', 'fmemopen'):
    getattr(libc, name).restype = ctypes.c_void_p
def stream(path, mode):
    return ctypes.c_void_p(libc.fopen(path, mode))
'''
THREE_FOLDERS = "for name in ('a', 'b', 'c'): os.mkdir(name)"


@pytest.fixture
def work(tmp_path):
    folder = tmp_path / 'work'
    folder.mkdir()
    return folder


@pytest.fixture
def run(crash, work):
    """Runs Python text in the work folder and gives back the finished process."""
    def run(text, *arguments, **settings):
        return subprocess.run(
            [sys.executable, '-c', PRELUDE + text, *arguments], cwd=work, text=True, timeout=60,
            capture_output=True, start_new_session=True,
            env={**os.environ, **crash.environment(**settings)})
    return run


@pytest.mark.parametrize('text, function, paths', [
    ("os.write(os.open('old', os.O_WRONLY), b'x')", 'write', ['old']),
    ("os.pwrite(os.open('old', os.O_WRONLY), b'x', 3)", 'pwrite', ['old']),
    ("os.writev(os.open('old', os.O_WRONLY), [b'x', b'y'])", 'writev', ['old']),
    ("os.fsync(os.open('old', os.O_RDONLY))", 'fsync', ['old']),
    ("os.fdatasync(os.open('old', os.O_RDONLY))", 'fdatasync', ['old']),
    ("os.ftruncate(os.open('old', os.O_WRONLY), 1)", 'ftruncate', ['old']),
    ("os.truncate('old', 1)", 'truncate', ['old']),
    ("libc.open(b'new', os.O_CREAT | os.O_WRONLY, 0o600)", 'open', ['new']),
    ("libc.open(b'old', os.O_TRUNC | os.O_WRONLY)", 'open', ['old']),
    ("libc.__open_2(b'old', os.O_TRUNC | os.O_WRONLY)", 'open', ['old']),
    ("libc.creat(b'new', 0o600)", 'open', ['new']),
    ("os.open('new', os.O_CREAT, dir_fd=os.open('.', os.O_RDONLY))", 'openat', ['new']),
    ("os.rename('old', 'new')", 'rename', ['old', 'new']),
    ("os.rename('old', 'new', src_dir_fd=os.open('.', os.O_RDONLY))", 'renameat', ['old', 'new']),
    ("libc.renameat2(-100, b'old', -100, b'new', 1)", 'renameat2', ['old', 'new']),
    ("os.unlink('old')", 'unlink', ['old']),
    ("os.unlink('old', dir_fd=os.open('.', os.O_RDONLY))", 'unlinkat', ['old']),
    ("libc.remove(b'old')", 'remove', ['old']),
    ("libc.remove(b'folder')", 'remove', ['folder']),
    ("os.rmdir('folder')", 'rmdir', ['folder']),
    ("os.symlink('target', 'new')", 'symlink', ['target', 'new']),
    ("os.symlink('target', 'new', dir_fd=os.open('.', os.O_RDONLY))", 'symlinkat',
     ['target', 'new']),
    ("os.mkdir('new')", 'mkdir', ['new']),
    ("os.mkdir('new', dir_fd=os.open('.', os.O_RDONLY))", 'mkdirat', ['new']),
    ("os.link('old', 'new', follow_symlinks=True)", None, ['old', 'new']),
    ("libc.mkstemp(ctypes.create_string_buffer(b'newXXXXXX'))", 'mkstemp', ['newXXXXXX']),
    ("libc.mkdtemp(ctypes.create_string_buffer(b'newXXXXXX'))", 'mkdtemp', ['newXXXXXX']),
    ("libc.fopen(b'new', b'w')", 'fopen', ['new']),
])
def test_each_call_is_one_point_and_happens_or_fails_or_kills(run, crash, work, text, function,
                                                              paths):
    def prepare():
        subprocess.run(['sh', '-c', 'rm -rf * && printf content >old && mkdir folder'], cwd=work,
                       check=True)
        crash.forget()

    def tree():
        return {path.name: path.lstat().st_mode if path.is_dir() else path.lstat().st_size
                for path in work.iterdir()}

    prepare()
    before = tree()
    assert run(text).returncode == 0
    points = crash.points()
    assert [point.number for point in points] == [1]
    assert function in (None, points[0].function)
    assert [os.path.basename(path) for path in (points[0].path, points[0].other) if path] == paths
    assert (points[0].other or points[0].path).startswith(str(work))
    if function not in ('write', 'pwrite', 'fsync', 'fdatasync', 'writev'):
        assert tree() != before

    prepare()
    before = tree()
    assert run(text, at=1).returncode == -signal.SIGKILL
    assert tree() == before

    prepare()
    failed = run(f'value = {text}\n'
                 'error = ctypes.get_errno()\n'
                 'if value in (-1, 0, None) and error: raise OSError(error, "refused")',
                 at=1, error='EROFS')
    assert failed.returncode == 1 and '[Errno 30]' in failed.stderr
    assert tree() == before


def test_reading_is_no_point(run, crash, work):
    (work / 'old').write_text('content')
    assert run("open('old').read(); os.stat('old'); os.listdir('.'); stream(b'old', b'r')"
               ).returncode == 0
    assert crash.points() == []


def test_the_first_of_many_points_strikes_alone_or_all_from_it_on(run, work):
    tries = '''
for name in ('a', 'b', 'c'):
    try: os.mkdir(name)
    except OSError as error: print(error.errno)
'''
    assert run(tries, at=2, error='ENOSPC').stdout == '28\n'
    assert sorted(os.listdir(work)) == ['a', 'c']


def test_all_from_a_point_on_can_fail(run, work):
    tries = '''
for name in ('a', 'b', 'c'):
    try: os.mkdir(name)
    except OSError as error: os.environ[name] = str(error.errno)
assert (os.environ['b'], os.environ['c']) == ('5', '5')
'''
    assert run(tries, at='2+', error='EIO', only=['mkdir']).returncode == 0
    assert os.listdir(work) == ['a']


def test_the_process_dies_before_the_nth_point(run, crash, work):
    for nth in (1, 2, 3):
        crash.forget()
        assert run(THREE_FOLDERS, at=nth).returncode == -signal.SIGKILL
        assert len(crash.points()) == nth
        assert len(os.listdir(work)) == nth - 1
        for name in os.listdir(work):
            (work / name).rmdir()


def test_only_the_listed_functions_count(run, crash):
    run("os.mkdir('a'); os.rename('a', 'b'); os.symlink('x', 'c'); os.rmdir('b')",
        only=['rename', 'rmdir'])
    assert [point.function for point in crash.points()] == ['rename', 'rmdir']


def test_a_name_in_the_list_is_a_whole_name(run, crash):
    run("os.mkdir('a'); os.mkdir('b', dir_fd=os.open('.', os.O_RDONLY))", only=['mkdirat'])
    assert [point.function for point in crash.points()] == ['mkdirat']


def test_only_matching_paths_count_and_either_of_two_may_match(run, crash, work):
    run("os.mkdir('aaa'); os.mkdir('bbb'); os.rename('bbb', 'aab'); os.rename('aab', 'ccc')",
        match='/aa')
    assert [point.function for point in crash.points()] == ['mkdir', 'rename', 'rename']


def test_a_relative_name_matches_by_its_folder(run, crash, work):
    (work / 'folder').mkdir()
    run("os.mkdir('x', dir_fd=os.open('folder', os.O_RDONLY)); os.chdir('folder'); os.mkdir('y')",
        match=f'{work}/folder')
    assert [point.path for point in crash.points()] == [f'{work}/folder/x', f'{work}/folder/y']


def test_connect_shows_the_address(run, crash):
    with socket.create_server(('127.0.0.1', 0)) as server:
        port = server.getsockname()[1]
        text = f"socket.create_connection(('127.0.0.1', {port}), 5)"
        assert run(text, match='connect').returncode == 0
        assert [point.path for point in crash.points()] == [f'connect:127.0.0.1:{port}']
        assert 'Errno 111' in run(text, at='1+', error='ECONNREFUSED', only=['connect']).stderr
        run("socket.socket(socket.AF_UNIX).connect('/no/such')", only=['connect'])
        assert crash.points()[-1].path == 'connect:unix:/no/such'


STREAM = '''
file = stream(b'file', b'w')
assert libc.fwrite(b'short', 1, 5, file) == 5
assert libc.fflush(file) == 0
assert libc.fwrite(b'x' * 10000, 1, 10000, file) == 10000
assert libc.fwrite(b'short', 1, 5, file) == 5
libc.fflush(file)
libc.fwrite(b'last', 1, 4, file)
os._exit(0 if libc.fclose(file) == 0 else ctypes.get_errno())
'''


def test_streams_are_points_where_they_write(run, crash, work):
    assert run(STREAM).returncode == 0
    assert [point.function for point in crash.points()] == ['fopen', 'fflush', 'fwrite', 'fflush',
                                                            'fclose']
    assert {point.path for point in crash.points()} == {str(work / 'file')}
    assert (work / 'file').stat().st_size == 10014


def test_a_stream_that_cannot_be_closed_has_lost_its_end(run, work):
    assert run(STREAM, at=5, error='EIO').returncode != 0
    assert (work / 'file').stat().st_size == 10010


def test_streams_in_memory_are_no_points(run, crash):
    run("file = ctypes.c_void_p(libc.fmemopen(None, 100, b'w'))\n"
        "libc.fwrite(b'x', 1, 1, file); libc.fclose(file)")
    assert crash.points() == []


def test_processes_count_together(run, crash):
    assert run('''
os.mkdir('a')
child = os.fork()
if child == 0:
    os.mkdir('b')
    os.execvp('mkdir', ['mkdir', 'c'])
os.waitpid(child, 0)
os.mkdir('d')
''', at=9).returncode == 0
    points = crash.points()
    assert [point.number for point in points] == [1, 2, 3, 4]
    assert [os.path.basename(point.path) for point in points] == ['a', 'b', 'c', 'd']
    assert points[0].pid == points[3].pid != points[1].pid == points[2].pid


def test_only_the_process_that_reaches_the_point_dies_unless_the_whole_group_shall(run, crash):
    family = '''
child = os.fork()
if child == 0:
    os.mkdir('a')
    os._exit(0)
os._exit(7 if os.waitpid(child, 0)[1] == 9 else 1)
'''
    assert run(family, at=1).returncode == 7
    crash.forget()
    assert run(family, at=1, whole_group=True).returncode == -signal.SIGKILL


def test_it_survives_the_closing_of_all_descriptors(run, crash, work):
    assert run("os.closerange(0, 1000)\n" + THREE_FOLDERS, at=3).returncode == -signal.SIGKILL
    assert sorted(os.listdir(work)) == ['a', 'b']
    assert [point.number for point in crash.points()] == [1, 2, 3]


def test_without_a_counter_file_each_process_counts_alone(run, crash, work):
    environment = {**os.environ, 'LD_PRELOAD': crash.library, 'CRASH_AT': '2'}
    outcome = subprocess.run(['sh', '-c', 'mkdir a; mkdir b; mkdir c d'], cwd=work,
                             env=environment, capture_output=True)
    assert sorted(os.listdir(work)) == ['a', 'b', 'c']
    assert outcome.returncode == 137


@pytest.mark.parametrize('name, value', [
    ('CRASH_AT', '0'), ('CRASH_AT', 'x'), ('CRASH_AT', '3-'), ('CRASH_ERRNO', 'ENONSENSE'),
    ('CRASH_COUNTER', '/no/such/folder/counter'), ('CRASH_LOG', 'x' * 5000)])
def test_a_wrong_setting_stops_the_program_before_it_begins(crash, name, value):
    outcome = subprocess.run(['true'], capture_output=True, text=True,
                             env={'LD_PRELOAD': crash.library, name: value})
    assert outcome.returncode == 125
    assert outcome.stderr.startswith(f'libcrash: {name}=')


def test_a_program_does_the_same_with_the_library_as_without(crash, work):
    script = '''set -e
printf 'b\\na\\n' >list; sort -o list list; mkdir -p x/y; cp list x/y/copy; ln -s copy x/y/link
mv x z; tar cf - z | tar tf - | sort; cat list z/y/link; rm -r z list; cat missing'''
    bare, loaded = (
        subprocess.run(['sh', '-c', script], cwd=work, capture_output=True,
                       env={**os.environ, **environment})
        for environment in ({}, crash.environment()))
    assert (loaded.returncode, loaded.stdout, loaded.stderr) == (
        bare.returncode, bare.stdout, bare.stderr)
    assert len(crash.points()) > 10
