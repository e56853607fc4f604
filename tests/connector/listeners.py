"""Sockets and threads: a port, a thread for each connection, requests until its end."""
import socket
import threading
import time

import answer_faults
import front
import streams
from answer_faults import Cut
from http_side import Garbled, Reader
from tls_side import HandshakeFailed


class Listener:
    """serve(socket) is called in a thread of its own for each connection."""

    def __init__(self, serve, wanted_port=0):
        self._serve, self._open, self._lock = serve, set(), threading.Lock()
        self._socket = None
        self.port = wanted_port
        self.listen()

    def listen(self):
        """On the port of before if it is free."""
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", self.port))
        except OSError:
            listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        self.port, self._socket = listening.getsockname()[1], listening
        threading.Thread(target=self._accept, args=(listening,), daemon=True).start()

    def _accept(self, listening):
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._run, args=(plain,), daemon=True).start()

    def _run(self, plain):
        with self._lock:
            self._open.add(plain)
        try:
            self._serve(plain)
        finally:
            with self._lock:
                self._open.discard(plain)
            plain.close()

    def refuse(self):
        """New connections are refused by the kernel; those that are open stay."""
        if self._socket:
            self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            self._socket = None

    def stop(self):
        self.refuse()
        with self._lock:
            for plain in self._open:
                try:
                    plain.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


def serve_side(connector, side, plain):
    """One connection of the mtls, token or inner side."""
    record = connector.journal.connection(side)
    try:
        stream, certificate = _open(connector, side, plain, record)
        how = _serve_requests(connector, record, certificate, stream)
    except HandshakeFailed as error:
        record.error = str(error)
        streams.end(plain)
    except (streams.Gone, Garbled):
        streams.end(plain)
    except Cut as cut:
        record.error = str(cut)
        streams.PlainStream(plain).close("reset" if record.error == "reset" else "close")
    else:
        stream.close(how)


def _open(connector, side, plain, record):
    """(stream, client certificate or None). Raises HandshakeFailed, and Cut for a fault."""
    if side == "inner":
        return streams.PlainStream(plain), None
    alert = None
    for fault in connector.faults.take("connection"):
        if fault.kind == "close_after_hello":
            plain.recv(65536)
        if fault.kind in ("close", "close_after_hello", "reset"):
            raise Cut(fault.kind)
        if fault.kind == "stall":
            fault.wait()
        if fault.kind == "alert":
            alert = fault["alert"]
    started = time.thread_time()
    try:
        return connector.tls.secure(side, plain, record, alert)
    finally:
        record.handshake_cpu_milliseconds = (time.thread_time() - started) * 1000


def _serve_requests(connector, record, certificate, stream):
    """Until the end; returns how to end."""
    reader = Reader(stream)
    while True:
        request = reader.next()
        if request is None:
            return "close_notify"
        call = front.open_call(connector, record, request)
        try:
            answer = front.answer(connector, call, certificate, request)
            answer.close = not request.keep_alive
            call.status, call.size = answer.status, answer.size()
            call.stop_watch()
            answer_faults.send(stream, answer, call.faults)
        except Cut as cut:
            call.status = None
            return str(cut)
        finally:
            call.stop_watch(sent=True)
        if not request.keep_alive:
            return "close_notify"
