using System.Text.RegularExpressions;

namespace FastStream.Tests.House;

/// <summary>The rules of docs/STYLE.md that a machine can hold.</summary>
public sealed class TidyTests
{
    private static readonly string[] Code = ["src", "tests", "bench", "samples"];

    [Fact]
    public void Files_AnyCode_HaveAtMost500Lines() =>
        AssertNone(from file in Tree.Files(".cs", Code)
                   let lines = Tree.Read(file).Count(c => c == '\n')
                   where lines > 500
                   select $"{file} has {lines} lines; split it by what its parts do");

    [Fact]
    public void Lines_AnyCode_HaveAtMost140Columns() =>
        AssertNone(from file in Tree.Files(".cs", Code)
                   from line in Tree.Read(file).Split('\n').Select((text, index) => (text, number: index + 1))
                   where line.text.Length > 140
                   select $"{file}:{line.number} has {line.text.Length} columns; break it, aiming at 120");

    [Fact]
    public void Changelog_NoLine_IsThereTwice() =>
        AssertNone(from line in Tree.Read("CHANGELOG.md").Split('\n')
                   where line.StartsWith('-')
                   group line by line into same
                   where same.Count() > 1
                   select $"CHANGELOG.md has {same.Count()} times: {same.Key}");

    [Fact]
    public void Files_AnySource_AreNamedForWhatTheyHold() =>
        AssertNone(from file in Tree.Files(".cs", "src")
                   let name = Path.GetFileNameWithoutExtension(file)
                   where Regex.IsMatch(name, "(Utils?|Helpers?|Common|Manager|Base)$")
                   select $"{file}: the name says nothing of what is in it");

    [Fact]
    public void Source_AnyFile_HasNoRegionsNoDeadMarksNoStubs() =>
        AssertNone(from file in Tree.Files(".cs", "src", "samples")
                   from word in new[] { "#region", "TODO", "FIXME", "HACK", "NotImplementedException" }
                   where Tree.Read(file).Contains(word, StringComparison.Ordinal)
                   select $"{file} contains {word}");

    [Fact]
    public void Source_AnyFile_DoesNotFlushByMethodsThatSwallowErrors() =>
        AssertNone(from file in Tree.Files(".cs", "src")
                   where !file.EndsWith("DurableFile.cs", StringComparison.Ordinal)
                   from call in new[] { ".Flush(true)", ".FlushToDisk(", "flushToDisk: true" }
                   where Tree.Read(file).Contains(call, StringComparison.Ordinal)
                   select $"{file} calls {call}, which swallows fsync's errors on .NET 10; use DurableFile");

    [Fact]
    public void Source_AnyFile_TakesTimeFromTheProvider() =>
        AssertNone(from file in Tree.Files(".cs", "src")
                   from call in new[] { "DateTime.Now", "DateTime.UtcNow", "DateTimeOffset.UtcNow", "DateTimeOffset.Now", "Stopwatch." }
                   where Tree.Read(file).Contains(call, StringComparison.Ordinal)
                   select $"{file} reads {call}; take it from StreamingOptions.TimeProvider");

    [Fact]
    public void Tests_AnyFile_DoNotSleep() =>
        AssertNone(from file in Tree.Files(".cs", "tests")
                   where !file.EndsWith("TidyTests.cs", StringComparison.Ordinal)
                   from call in new[] { "Thread.Sleep", "Task.Delay(" }
                   where Tree.Read(file).Contains(call, StringComparison.Ordinal)
                   select $"{file} calls {call}; wait for what happens, not for time");

    [Fact]
    public void Operators_AnyFile_DoNotNameTheScheduler() =>
        AssertNone(from file in Tree.Files(".cs", "src/Core/Operators")
                   from type in new[] { "JobScheduler", "JobGenerator", "JobSet", "BatchTimer", "BatchRunner", "BatchQueue", "Engine " }
                   where Regex.IsMatch(Tree.Read(file), $@"\b{type.Trim()}\b")
                   select $"{file} names {type.Trim()}; operators know of spans and ends of batches only");

    private static void AssertNone(IEnumerable<string> complaints) => Assert.Equal([], complaints);
}
