using System.Text.Json;
using System.Text.Json.Serialization;

namespace FastStream.Tests.Core;

[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(Optional<int>))]
internal sealed partial class OptionalJson : JsonSerializerContext;

public sealed class OptionalTests
{
    [Fact]
    public void Value_Given_IsThere()
    {
        Optional<int> three = 3;
        Assert.True(three.HasValue);
        Assert.Equal(3, three.Value);
        Assert.Equal(3, three.GetValueOrDefault());
        Assert.Equal(3, three.GetValueOrDefault(7));
        Assert.True(three.TryGetValue(out int value));
        Assert.Equal(3, value);
    }

    [Fact]
    public void Value_None_Throws()
    {
        Optional<int> none = default;
        Assert.Equal(Optional<int>.None, none);
        Assert.False(none.HasValue);
        Assert.Equal(0, none.GetValueOrDefault());
        Assert.Equal(7, none.GetValueOrDefault(7));
        Assert.False(none.TryGetValue(out _));
        Assert.Contains("Optional<Int32> has no value", Assert.Throws<InvalidOperationException>(() => none.Value).Message);
    }

    [Fact]
    public void Equality_NoneAndDefaultValue_Differ()
    {
        Optional<int> zero = 0;
        Assert.True(zero != Optional<int>.None);
        Assert.True(zero == new Optional<int>(0));
        Assert.Equal(zero.GetHashCode(), new Optional<int>(0).GetHashCode());
        Assert.False(zero.Equals((object)"0"));
        Assert.NotEqual(Optional<string?>.None, new Optional<string?>(null));
    }

    [Fact]
    public void ToString_PrintsAsOutputsDo()
    {
        Assert.Equal("null", Optional<int>.None.ToString());
        Assert.Equal("1.5", new Optional<double>(1.5).ToString());
        Assert.Equal("(1,[2, 3])", new Optional<(int, int[])>((1, [2, 3])).ToString());
    }

    [Fact]
    public void Json_ThereAndBack_IsTheSame()
    {
        Optional<int>[] some = [3, default, 0];
        Assert.Equal("[3,null,0]", JsonSerializer.Serialize(some));
        Assert.Equal(some, JsonSerializer.Deserialize<Optional<int>[]>("[3,null,0]"));
        Assert.Equal(new Optional<Optional<string>>(new Optional<string>("a")),
            JsonSerializer.Deserialize<Optional<Optional<string>>>("\"a\""));
    }

    [Fact]
    public void Json_SourceGenerated_IsTheSame()
    {
        Assert.Equal("7", JsonSerializer.Serialize(7, OptionalJson.Default.OptionalInt32));
        Assert.Equal("null", JsonSerializer.Serialize(default, OptionalJson.Default.OptionalInt32));
    }
}
