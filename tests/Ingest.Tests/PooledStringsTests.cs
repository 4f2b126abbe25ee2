using CommunityToolkit.HighPerformance.Buffers;

namespace FastStream.Tests.Ingest;

public sealed class PooledStringsTests
{
    [Fact]
    public void ToPooledString_EqualTexts_AreOneObject()
    {
        var pool = new StringPool();
        string first = Utf8Text.Intern("a host with a rather long name").ToPooledString(pool);
        string second = Utf8Text.Intern("a host with a rather long name").ToPooledString(pool);

        Assert.Equal("a host with a rather long name", first);
        Assert.Same(first, second);
        Assert.Equal("", Utf8Text.Empty.ToPooledString(pool));
    }
}
