namespace FastStream.Tests;

/// <summary>Options of sources are checked by anybody, and copied by the source.</summary>
public sealed class SourceOptionsTests
{
    [Fact]
    public void Validate_OutOfRange_SaysNameAndExpectation()
    {
        Assert.Contains("MaxBytesPerBatch is 0; 1 or more",
            Assert.Throws<ArgumentOutOfRangeException>(new FileSourceOptions { MaxBytesPerBatch = 0 }.Validate).Message);
        Assert.Contains("FirstRetryDelay is 00:00:00",
            Assert.Throws<ArgumentOutOfRangeException>(new SocketSourceOptions { FirstRetryDelay = TimeSpan.Zero }.Validate).Message);
        Assert.Contains("MaxConnections is 0",
            Assert.Throws<ArgumentOutOfRangeException>(new ListenSourceOptions { MaxConnections = 0 }.Validate).Message);
        new FileSourceOptions().Validate();
        new SocketSourceOptions().Validate();
        new ListenSourceOptions().Validate();
    }

    [Fact]
    public async Task TextFileStream_OptionsChangedAfterwards_KeepsThoseItWasMadeWith()
    {
        using var directory = new TestDirectory();
        File.WriteAllText(Path.Combine(directory.Path, "old.log"), "1\n2\n");
        File.SetLastWriteTimeUtc(Path.Combine(directory.Path, "old.log"), DateTime.UnixEpoch.AddSeconds(1_699_999_990));
        var options = new FileSourceOptions { NewFilesOnly = false };
        await using InputRun<string> run = InputRun<string>.Start(context =>
        {
            DStream<string> lines = context.TextFileStream(directory.Path, options).Map(line => line.ToString());
            options.NewFilesOnly = true;
            options.Filter = _ => false;
            return lines;
        });
        await run.TickAsync();
        await run.TickAsync();
        Assert.Equal(["1", "2"], run.Records.Order());
    }

    private sealed class TestDirectory : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("faststream-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
