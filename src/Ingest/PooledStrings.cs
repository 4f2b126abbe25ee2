using System.Text;
using CommunityToolkit.HighPerformance.Buffers;

namespace FastStream;

/// <summary>
/// Strings of texts that repeat: the same text gives the same object, so that names and codes cost no allocation once
/// seen.
/// </summary>
public static class PooledStrings
{
    /// <summary>The text as a string, shared with earlier equal texts where the pool still has it.</summary>
    /// <example><code>var byHost = requests.Map(r => (r.Host.ToPooledString(), 1L)).ReduceByKey((a, b) => a + b);</code></example>
    /// <param name="text">The text; bytes that are not valid UTF-8 become U+FFFD.</param>
    /// <param name="pool">The pool; default the process's shared one, which is bounded and forgets the least used. Safe
    /// from any thread.</param>
    public static string ToPooledString(this Utf8Text text, StringPool? pool = null) =>
        text.IsEmpty ? string.Empty : (pool ?? StringPool.Shared).GetOrAdd(text.Span, Encoding.UTF8);
}
