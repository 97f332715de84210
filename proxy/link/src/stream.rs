//! Bytes to and from a server, whatever carries them.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream, tcp, unix};
use tokio_rustls::client::TlsStream;

/// An open connection, before any word of Redis's protocol or after the hand-over of a [`crate::Connection`].
///
/// It is [`AsyncRead`] and [`AsyncWrite`]; [`Stream::split`] gives two halves that two tasks can own.
#[derive(Debug)]
pub enum Stream {
    /// Plain TCP.
    Tcp(TcpStream),
    /// A Unix domain socket.
    Unix(UnixStream),
    /// TLS over TCP.
    Tls(Box<TlsStream<TcpStream>>),
}

/// The half of a [`Stream`] that reads.
#[derive(Debug)]
pub enum ReadHalf {
    /// Plain TCP.
    Tcp(tcp::OwnedReadHalf),
    /// A Unix domain socket.
    Unix(unix::OwnedReadHalf),
    /// TLS: the halves share the session, behind a lock that is held for one poll at a time.
    Tls(tokio::io::ReadHalf<Box<TlsStream<TcpStream>>>),
}

/// The half of a [`Stream`] that writes. Dropping the half of a socket shuts the sending direction down.
#[derive(Debug)]
pub enum WriteHalf {
    /// Plain TCP.
    Tcp(tcp::OwnedWriteHalf),
    /// A Unix domain socket.
    Unix(unix::OwnedWriteHalf),
    /// TLS: see [`ReadHalf::Tls`].
    Tls(tokio::io::WriteHalf<Box<TlsStream<TcpStream>>>),
}

impl Stream {
    /// Two halves that two tasks can own. Without a lock for TCP and Unix sockets.
    pub fn split(self) -> (ReadHalf, WriteHalf) {
        match self {
            Stream::Tcp(stream) => {
                let (read, write) = stream.into_split();
                (ReadHalf::Tcp(read), WriteHalf::Tcp(write))
            }
            Stream::Unix(stream) => {
                let (read, write) = stream.into_split();
                (ReadHalf::Unix(read), WriteHalf::Unix(write))
            }
            Stream::Tls(stream) => {
                let (read, write) = tokio::io::split(stream);
                (ReadHalf::Tls(read), WriteHalf::Tls(write))
            }
        }
    }
}

/// Hands a method on to whatever carries the bytes.
macro_rules! carried {
    ($of:ident, $self:ident, $method:ident($($argument:expr),*)) => {
        match $self.get_mut() {
            $of::Tcp(inner) => Pin::new(inner).$method($($argument),*),
            $of::Unix(inner) => Pin::new(inner).$method($($argument),*),
            $of::Tls(inner) => Pin::new(inner).$method($($argument),*),
        }
    };
}

macro_rules! reads {
    ($of:ident) => {
        impl AsyncRead for $of {
            fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
                carried!($of, self, poll_read(cx, buf))
            }
        }
    };
}

macro_rules! writes {
    ($of:ident) => {
        impl AsyncWrite for $of {
            fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
                carried!($of, self, poll_write(cx, buf))
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                slices: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                carried!($of, self, poll_write_vectored(cx, slices))
            }

            fn is_write_vectored(&self) -> bool {
                match self {
                    $of::Tcp(inner) => inner.is_write_vectored(),
                    $of::Unix(inner) => inner.is_write_vectored(),
                    $of::Tls(inner) => inner.is_write_vectored(),
                }
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                carried!($of, self, poll_flush(cx))
            }

            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                carried!($of, self, poll_shutdown(cx))
            }
        }
    };
}

reads!(Stream);
reads!(ReadHalf);
writes!(Stream);
writes!(WriteHalf);
