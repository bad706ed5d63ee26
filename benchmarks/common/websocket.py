"""A WebSocket client that costs next to nothing, so that fifty of them measure the server.

Plain asyncio: a handshake, whole unfragmented frames both ways (RFC 6455). It trusts its server,
which is ours, on loopback.
"""

import asyncio
import base64
import os
import socket
import struct
from typing import Self

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_BUFFER = 1 << 20  # more than a picture, so that reading does not stop and go


class LeanWebSocket:
    """One open WebSocket; `close` it in the end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(
        cls, port: int, path: str, token: str, *, receive_buffer: int | None = None
    ) -> Self:
        """Connect to 127.0.0.1.

        Raises:
            ConnectionError: refused, or no WebSocket.
        """
        raw = socket.socket()
        raw.setblocking(False)
        if receive_buffer is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=raw, limit=_BUFFER)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Authorization: Bearer {token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        answer = await reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 101"):
            writer.close()
            raise ConnectionError(f"no WebSocket: {answer.splitlines()[0].decode()}")
        return cls(reader, writer)

    async def receive(self) -> bytes:
        """The payload of the next message; pings are answered meanwhile.

        Raises:
            ConnectionError: closed by the server.
        """
        while True:
            opcode, length = await self._read_header()
            payload = await self._read(length)
            if opcode == _CLOSE:
                code = struct.unpack_from("!H", payload)[0] if payload else 1005
                raise ConnectionError(f"closed with {code}")
            if opcode == _PING:
                self._write(_PONG, payload)
                continue
            return payload

    async def _read_header(self) -> tuple[int, int]:
        first, length = await self._read(2)
        if length == 126:
            (length,) = struct.unpack("!H", await self._read(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", await self._read(8))
        return first & 0x0F, length

    async def _read(self, size: int) -> bytes:
        try:
            return await self._reader.readexactly(size)
        except asyncio.IncompleteReadError:
            raise ConnectionError("closed without a close frame") from None

    def send(self, text: str) -> None:
        """Send a text message, now or as soon as there is room."""
        self._write(_TEXT, text.encode())

    async def drain(self) -> None:
        """Wait until there is room to send."""
        await self._writer.drain()

    def _write(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else struct.pack("!BH", 0x80 | 126, size)
        # A mask of zeros masks nothing, and is allowed.
        self._writer.write(bytes([0x80 | opcode]) + length + bytes(4) + payload)

    def close(self) -> None:
        """Cut the connection."""
        self._writer.transport.abort()
