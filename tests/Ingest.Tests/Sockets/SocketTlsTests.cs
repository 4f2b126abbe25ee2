using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FastStream.Tests;

public class SocketTlsTests
{
    private static X509Certificate2 SelfSigned()
    {
        using RSA key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }

    [Fact]
    public async Task Receive_OverTls_GivesTheLines()
    {
        using X509Certificate2 certificate = SelfSigned();
        using var peer = new Peer();
        var tls = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            RemoteCertificateValidationCallback = (_, found, _, _) => found!.GetCertHashString() == certificate.GetCertHashString(),
        };
        await using InputRun<string> run = InputRun<string>.Start(
            context => context.SocketTextStream("127.0.0.1", peer.Port, new SocketSourceOptions
                { Tls = tls, ConnectTimeout = Timeout.InfiniteTimeSpan }).Map(line => line.ToString()));
        using Connection connection = await peer.AcceptAsync();
        await using var secure = new SslStream(new System.Net.Sockets.NetworkStream(connection.Socket));
        await secure.AuthenticateAsServerAsync(certificate);
        await secure.WriteAsync("one\ntwo\n"u8.ToArray());
        await run.TickUntilAsync(2);
        await run.StopAsync();
        Assert.Equal(["one", "two"], run.Records);
    }

    [Fact]
    public async Task Connect_CertificateNotTrusted_IsReportedAndTriedAgain()
    {
        using X509Certificate2 certificate = SelfSigned();
        using var peer = new Peer();
        await using InputRun<string> run = InputRun<string>.Start(
            context => context.SocketTextStream("127.0.0.1", peer.Port, new SocketSourceOptions
                { Tls = new() { TargetHost = "localhost" }, ConnectTimeout = Timeout.InfiniteTimeSpan }).Map(line => line.ToString()));
        using Connection connection = await peer.AcceptAsync();
        await using var secure = new SslStream(new System.Net.Sockets.NetworkStream(connection.Socket));
        Task handshake = secure.AuthenticateAsServerAsync(certificate);
        await run.Listener.NextErrorAsync();
        Assert.Contains("Connecting to 127.0.0.1", run.Listener.Errors.First());
        connection.End();
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await handshake;
            await secure.WriteAsync("x"u8.ToArray());
            await secure.FlushAsync();
            throw new IOException("The handshake may end before the client refuses.");
        });
        await run.StopAsync();
    }
}
